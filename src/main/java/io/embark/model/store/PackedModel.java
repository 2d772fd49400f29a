package io.embark.model.store;

import io.embark.model.Fingerprint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.hadoop.util.functional.CallableRaisingIOE;
import org.apache.hadoop.util.functional.FunctionRaisingIOE;

/**
 * A model in one archive: brought here whole, then unpacked as far as it is needed.
 *
 * @param contents tells the archive's present contents from others
 * @param fetch gives the archive as a file of this host, copied to the new one if it is not one
 * @param far whether it is read through a network that may be down
 */
record PackedModel(
    String name,
    String identity,
    CallableRaisingIOE<String> contents,
    FunctionRaisingIOE<Path, Path> fetch,
    boolean far)
    implements ModelSource {

  /** An archive of this host: the same contents are the same model, wherever Spark put them. */
  static PackedModel local(Path file, String name) {
    return new PackedModel(
        name, "archive " + file.getFileName(), () -> Fingerprint.of(file), newFile -> file, false);
  }

  @Override
  public String state(String modelFile) throws IOException {
    return contents.apply();
  }

  @Override
  public void fill(Path directory, String modelFile) throws IOException {
    Path fetched = directory.resolve(".archive");
    ArchiveTree.Format format = ArchiveTree.Format.of(identity).orElseThrow();
    ArchiveTree tree = new ArchiveTree(fetch.apply(fetched), format, null, name);
    new TreeModel(name, identity, tree, far).fill(directory, modelFile);
    Files.deleteIfExists(fetched);
  }
}
