package io.embark.model.store;

import io.embark.model.Fingerprint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A model in one archive, wherever that lies: brought here whole, what makes the model unpacked.
 */
final class PackedModel implements ModelSource {
  private final String name;
  private final String identity;
  private final Archive archive;

  /** Where the archive is. */
  interface Archive {
    /** What tells its present contents from others. */
    String state() throws IOException;

    /** The archive as a file of this host, copied to a new one if it is not one. */
    Path fetch(Path newFile) throws IOException;

    /** Whether it is read through a network that may be down. */
    default boolean far() {
      return false;
    }
  }

  PackedModel(String name, String identity, Archive archive) {
    this.name = name;
    this.identity = identity;
    this.archive = archive;
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
        });
  }

  @Override
  public String identity() {
    return identity;
  }

  @Override
  public boolean far() {
    return archive.far();
  }

  @Override
  public String label() {
    return ModelSource.label(identity);
  }

  @Override
  public String state(String modelFile) throws IOException {
    return archive.state();
  }

  @Override
  public void fill(Path directory, String modelFile) throws IOException {
    Path fetched = directory.resolve(".archive");
    Path file = archive.fetch(fetched);
    ArchiveTree.Format format = ArchiveTree.Format.of(identity).orElseThrow();
    new ArchiveTree(file, format, null, name, identity).fill(directory, modelFile);
    Files.deleteIfExists(fetched);
  }
}
