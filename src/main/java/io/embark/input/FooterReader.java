package io.embark.input;

import io.embark.input.gate.UnreadableInput;
import java.io.IOException;
import java.io.Serializable;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** Reads what the footer of a file says of its columns. */
interface FooterReader extends Serializable {
  /**
   * Reads one footer.
   *
   * @param length of the file, in bytes
   * @throws UnreadableInput if it is no file of this format or a damaged one
   * @throws IOException if the file cannot be reached
   */
  FileColumns read(Path file, long length, Configuration hadoop) throws IOException;
}
