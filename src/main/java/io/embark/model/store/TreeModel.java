package io.embark.model.store;

import io.embark.UserError;
import io.embark.model.ExternalData;
import io.embark.model.ModelFiles;
import io.embark.model.ModuleList;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A model that is a directory of files somewhere else; only what makes the model is copied.
 *
 * @param far whether it is read through a network that may be down
 */
record TreeModel(String name, String identity, Tree tree, boolean far) implements ModelSource {
  /** Bytes. */
  private static final long LONGEST_LIST = 1 << 20;

  private static final Logger LOG = LoggerFactory.getLogger(TreeModel.class);

  /** A file of a tree. Its version, a checksum, tag or time, differs when the contents do. */
  record RemoteFile(long length, String version) {}

  /** A tree of files. Paths are relative to the model, with {@code /} between their parts. */
  interface Tree {
    SortedMap<String, RemoteFile> list() throws IOException;

    /** The contents of a small file. */
    byte[] read(String file) throws IOException;

    /** Copies files to the same paths below a directory. */
    void copy(Collection<String> files, Path to) throws IOException;
  }

  @Override
  public String state(String modelFile) throws IOException {
    SortedMap<String, RemoteFile> files = tree.list();
    ModelFiles model = model(files, modelFile);
    List<String> pickles = model.pickles(files::containsKey);
    StringBuilder state = new StringBuilder();
    files.forEach(
        (path, file) -> {
          if (model.certain(path)
              || model.possible(path, files.keySet())
              || pickles.contains(path)) {
            state.append("%s %d %s\n".formatted(path, file.length(), file.version()));
          }
        });
    return state.toString();
  }

  @Override
  public void fill(Path directory, String modelFile) throws IOException {
    long start = System.nanoTime();
    SortedMap<String, RemoteFile> files = tree.list();
    ModelFiles model = model(files, modelFile);
    List<String> certain = files.keySet().stream().filter(model::certain).toList();
    long bytes = copy(files, certain, directory);
    for (String pickle : model.pickles(files::containsKey)) {
      // Of no use here; its name lets the copy say why there are no weights.
      Files.createFile(directory.resolve(pickle));
    }
    List<String> weights = new ArrayList<>();
    Set<String> locations =
        model.isStatic() ? Set.of() : ExternalData.of(directory.resolve(model.weights()));
    for (String location : locations) {
      String file = model.besideGraph(location);
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

  private ModelFiles model(SortedMap<String, RemoteFile> files, String modelFile)
      throws IOException {
    RemoteFile list = files.get(ModuleList.FILE);
    if (list != null && list.length() > LONGEST_LIST) {
      throw new UserError(
          "Model %s: its modules.json has %d bytes; wanted is a list of a few modules."
              .formatted(name, list.length()));
    }
    ModuleList modules =
        list == null ? ModuleList.NONE : ModuleList.of(tree.read(ModuleList.FILE), name);
    return ModelFiles.of(files::containsKey, files::keySet, modules, modelFile, name);
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
