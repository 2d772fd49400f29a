package io.embark.model.store;

import io.embark.UserError;
import java.io.IOException;
import java.nio.file.Path;

/** A model that has to be copied to this host before it can be opened. */
interface ModelSource {

  /** Its place, whatever its contents are now. */
  String identity();

  /**
   * Tells its present contents from others: names, lengths, times or checksums of the files that
   * make the model.
   *
   * @throws UserError if there is no such model
   */
  String state(String modelFile) throws IOException;

  /** Copies what is needed of it into an empty directory. */
  void fill(Path directory, String modelFile) throws IOException;

  /** Whether it is read through a network that may be down. */
  default boolean far() {
    return false;
  }

  /** The last part of its place, without what does not belong into a file name. */
  default String label() {
    String last = identity().replaceAll("/+$", "");
    last = last.substring(Math.max(last.lastIndexOf('/'), last.lastIndexOf(':')) + 1);
    String plain = last.replaceAll("[^A-Za-z0-9._-]", "_");
    return plain.length() > 60 ? plain.substring(0, 60) : plain;
  }
}
