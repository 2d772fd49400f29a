package io.embark.input;

import io.embark.UserError;
import io.embark.input.gate.ChangedInput;
import io.embark.input.gate.UnreadableInput;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.compress.CompressionCodec;
import org.apache.hadoop.io.compress.CompressionCodecFactory;

/**
 * What a file is by its first and last bytes, held against its name and the format that it is to be
 * read as: another reader would make rows of garbage of it, or none.
 *
 * @param head a character for each byte
 * @param tail a character for each byte; null if it is not known
 */
record FileContent(String head, String tail) {
  /** Enough for the mark of a tar archive, which does not stand first. */
  private static final int BYTES = 512;

  private static final int TAIL = 16;

  /** What readers unpack, by the ends of names that they go by. */
  private static final Map<String, Magic> UNPACKED =
      Map.of("gz", Magic.GZIP, "bz2", Magic.BZIP2, "zst", Magic.ZSTANDARD);

  static FileContent of(Path file, long length, Configuration hadoop) throws IOException {
    byte[] head = new byte[(int) Math.min(BYTES, length)];
    byte[] tail = new byte[(int) Math.min(TAIL, length)];
    try (FSDataInputStream in = file.getFileSystem(hadoop).open(file)) {
      in.readFully(0, head);
      in.readFully(length - tail.length, tail);
    } catch (EOFException e) {
      throw new ChangedInput(file, "has become shorter since it was listed");
    }
    return new FileContent(text(head, head.length), text(tail, tail.length));
  }

  private static String text(byte[] bytes, int length) {
    return new String(bytes, 0, length, StandardCharsets.ISO_8859_1);
  }

  /**
   * @param hasCharset whether the reader is told which charset the file is in
   * @throws UserError if the file is not what it would be read as
   * @throws UnreadableInput if it is packed and cannot be unpacked
   */
  void require(Path file, InputFormat format, boolean hasCharset, Configuration hadoop)
      throws IOException {
    if (format.isNeverEmpty()) {
      requireWhole(file, format == InputFormat.ORC ? Magic.ORC : Magic.PARQUET);
      return;
    }
    String suffix = suffix(file);
    if (InputFormat.isCompression(suffix.toLowerCase(Locale.ROOT))) {
      if (!InputFormat.isCompression(suffix)) {
        throw new UserError(
            "input: %s ends in .%s, which readers know in small letters only, and would be read packed as it is. Rename it."
                .formatted(file, suffix));
      }
      Magic unpacked = UNPACKED.get(suffix);
      if (!head.isEmpty() && unpacked != null && !unpacked.begins(head)) {
        throw new UserError(
            ("input: %s is not %s, as its name says, or its beginning is damaged. Name it by what it"
                    + " holds, or restore it.")
                .formatted(file, unpacked.what));
      }
      if (!head.isEmpty()) {
        inside(file, hadoop).requireText(file, format, hasCharset, true);
      }
      return;
    }
    requireText(file, format, hasCharset, false);
  }

  /** What a packed file begins with. */
  private static FileContent inside(Path file, Configuration hadoop) {
    CompressionCodec codec = new CompressionCodecFactory(hadoop).getCodec(file);
    if (codec == null) {
      throw noCodec(file, "none is known", null);
    }
    try (InputStream in = codec.createInputStream(file.getFileSystem(hadoop).open(file))) {
      byte[] head = new byte[BYTES];
      return new FileContent(text(head, in.readNBytes(head, 0, BYTES)), null);
    } catch (RuntimeException | LinkageError e) {
      // So codecs say that their library is not there.
      throw noCodec(file, e.getMessage(), e);
    } catch (IOException e) {
      throw UnreadableInput.of(file, e);
    }
  }

  private static UserError noCodec(Path file, String reason, Throwable cause) {
    return new UserError(
        ("input: %s cannot be unpacked, for its codec is not there: %s. Unpack the file, or pack it as"
                + " .gz or .bz2.")
            .formatted(file, reason),
        cause);
  }

  private void requireText(Path file, InputFormat format, boolean hasCharset, boolean packed) {
    Optional<Magic> other = tail == null ? Magic.of(head) : Magic.of(head, tail);
    if (other.isPresent()) {
      throw new UserError(
          "input: %s holds %s%s and would be read as %s. %s"
              .formatted(
                  file,
                  packed ? "packed " : "",
                  other.get().what,
                  format.label(),
                  packed ? "Unpack or convert it first." : other.get().wayOut));
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
    return name.substring(name.lastIndexOf('.') + 1);
  }
}
