package io.embark.model.store;

import io.embark.model.ExternalData;
import io.embark.model.ModelFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.SortedMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A model that is a directory of files somewhere else; only what makes the model is copied.
 *
 * @param far whether it is read through a network that may be down
 */
record TreeModel(String name, String identity, Tree tree, boolean far) implements ModelSource {
  private static final Logger LOG = LoggerFactory.getLogger(TreeModel.class);

  /** A file of a tree. Its version, a checksum, tag or time, differs when the contents do. */
  record RemoteFile(long length, String version) {}

  /** A tree of files. Paths are relative to the model, with {@code /} between their parts. */
  interface Tree {
    SortedMap<String, RemoteFile> list() throws IOException;

    /** Copies files to the same paths below a directory. */
    void copy(Collection<String> files, Path to) throws IOException;
  }

  @Override
  public String state(String modelFile) throws IOException {
    SortedMap<String, RemoteFile> files = tree.list();
    String graph = ModelFiles.graph(files::containsKey, files.keySet(), modelFile, name);
    StringBuilder state = new StringBuilder();
    files.forEach(
        (path, file) -> {
          if (ModelFiles.certain(path, graph) || ModelFiles.possible(path, graph, files.keySet())) {
            state.append("%s %d %s\n".formatted(path, file.length(), file.version()));
          }
        });
    return state.toString();
  }

  @Override
  public void fill(Path directory, String modelFile) throws IOException {
    long start = System.nanoTime();
    SortedMap<String, RemoteFile> files = tree.list();
    String graph = ModelFiles.graph(files::containsKey, files.keySet(), modelFile, name);
    List<String> certain =
        files.keySet().stream().filter(file -> ModelFiles.certain(file, graph)).toList();
    long bytes = copy(files, certain, directory);
    List<String> weights = new ArrayList<>();
    for (String location : ExternalData.of(directory.resolve(graph))) {
      String file = ModelFiles.besideGraph(graph, location);
      // A file that is missing is reported when the graph is opened.
      if (file != null && files.containsKey(file) && !certain.contains(file)) {
        weights.add(file);
      }
    }
    bytes += copy(files, weights, directory);
    LOG.info(
        "Copied model {}: {} files, {} bytes, in {} ms",
        name,
        certain.size() + weights.size(),
        bytes,
        (System.nanoTime() - start) / 1_000_000);
  }

  private long copy(SortedMap<String, RemoteFile> files, List<String> wanted, Path to)
      throws IOException {
    long bytes = wanted.stream().mapToLong(file -> files.get(file).length()).sum();
    if (!wanted.isEmpty()) {
      CopyIn.requireSpace(to, bytes, name);
      tree.copy(wanted, to);
    }
    return bytes;
  }
}
