package io.embark.model.store;

import io.embark.model.Fingerprint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A model in one archive: brought here whole, then unpacked as far as it is needed.
 *
 * @param far whether it is read through a network that may be down
 */
record PackedModel(String name, String identity, Archive archive, boolean far)
    implements ModelSource {

  /** An archive, wherever it lies. */
  interface Archive {
    /** Tells its present contents from others. */
    String state() throws IOException;

    /** The archive as a file of this host, copied to a new one if it is not one. */
    Path fetch(Path newFile) throws IOException;
  }

  /** An archive of this host: the same contents are the same model, wherever Spark put them. */
  static PackedModel local(Path file, String name) {
    return new PackedModel(
        name,
        "archive " + file.getFileName(),
        new Archive() {
          @Override
          public String state() throws IOException {
            return Fingerprint.of(file);
          }

          @Override
          public Path fetch(Path newFile) {
            return file;
          }
        },
        false);
  }

  @Override
  public String state(String modelFile) throws IOException {
    return archive.state();
  }

  @Override
  public void fill(Path directory, String modelFile) throws IOException {
    Path fetched = directory.resolve(".archive");
    ArchiveTree.Format format = ArchiveTree.Format.of(identity).orElseThrow();
    ArchiveTree tree = new ArchiveTree(archive.fetch(fetched), format, null, name);
    new TreeModel(name, identity, tree, far).fill(directory, modelFile);
    Files.deleteIfExists(fetched);
  }
}
