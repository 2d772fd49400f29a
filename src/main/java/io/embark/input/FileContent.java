package io.embark.input;

import io.embark.UserError;
import io.embark.input.gate.ChangedInput;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.Path;

/**
 * What a file is by its first and last bytes, held against its name and the format that it is to be
 * read as: another reader would make rows of garbage of it, or none.
 *
 * @param head a character for each byte
 * @param tail a character for each byte
 */
record FileContent(String head, String tail) {
  private static final int BYTES = 16;

  /** What readers unpack, by the ends of names that they go by. */
  private static final Map<String, Magic> UNPACKED =
      Map.of("gz", Magic.GZIP, "bz2", Magic.BZIP2, "zst", Magic.ZSTANDARD);

  static FileContent of(Path file, long length, Configuration hadoop) throws IOException {
    int n = (int) Math.min(BYTES, length);
    byte[] head = new byte[n];
    byte[] tail = new byte[n];
    try (FSDataInputStream in = file.getFileSystem(hadoop).open(file)) {
      in.readFully(0, head);
      in.readFully(length - n, tail);
    } catch (EOFException e) {
      throw new ChangedInput(file, "has become shorter since it was listed");
    }
    return new FileContent(
        new String(head, StandardCharsets.ISO_8859_1),
        new String(tail, StandardCharsets.ISO_8859_1));
  }

  /**
   * @param hasCharset whether the reader is told which charset the file is in
   * @throws UserError if the file is not what it would be read as
   */
  void require(Path file, InputFormat format, boolean hasCharset) {
    Magic unpacked = UNPACKED.get(suffix(file));
    if (format.isNeverEmpty()) {
      requireWhole(file, format == InputFormat.ORC ? Magic.ORC : Magic.PARQUET);
    } else if (unpacked == null) {
      requireText(file, format, hasCharset);
    } else if (!head.isEmpty() && !unpacked.begins(head)) {
      throw new UserError(
          ("input: %s is not %s, as its name says, or its beginning is damaged. Name it by what it"
                  + " holds, or restore it.")
              .formatted(file, unpacked.what));
    }
  }

  private void requireText(Path file, InputFormat format, boolean hasCharset) {
    Optional<Magic> other = Magic.of(head, tail);
    if (other.isPresent()) {
      throw new UserError(
          "input: %s holds %s and would be read as %s. %s"
              .formatted(file, other.get().what, format.label(), other.get().wayOut));
    }
    if (!hasCharset && (head.startsWith("\u00ff\u00fe") || head.startsWith("\u00fe\u00ff"))) {
      throw new UserError(
          ("input: %s is text in UTF-16; wanted UTF-8. Convert it (iconv -f UTF-16 -t UTF-8), or, for"
                  + " csv, give --read-option encoding=UTF-16.")
              .formatted(file));
    }
  }

  private void requireWhole(Path file, Magic magic) {
    boolean encrypted =
        magic == Magic.PARQUET && Magic.of(head, tail).equals(Optional.of(Magic.ENCRYPTED_PARQUET));
    if (encrypted || magic.begins(head) && magic.ends(tail)) {
      return;
    }
    String found = "it is empty";
    if (!head.isEmpty()) {
      found =
          magic.begins(head)
              ? "its end is missing"
              : Magic.of(head, tail).map(is -> "it holds " + is.what).orElse("it begins otherwise");
    }
    throw new UserError(
        "input: %s is no whole %s file: %s. Put it right, or leave it out."
            .formatted(file, magic.what, found));
  }

  private static String suffix(Path file) {
    String name = file.getName();
    return name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
  }
}
