package io.embark.input;

import java.util.Arrays;
import java.util.Optional;

/** Files that are no text, and how they begin and end; a character stands for a byte. */
enum Magic {
  PARQUET("Parquet", "Give --format parquet.", "PAR1", "PAR1"),
  ENCRYPTED_PARQUET("encrypted Parquet", "Give --format parquet.", "PARE", "PARE"),
  /** The length of what is before it comes last. */
  ORC("ORC", "Give --format orc.", "ORC", "ORC."),
  GZIP("gzip", "Rename it to end in .gz.", "\u001f\u008b", ""),
  ZSTANDARD("zstandard", "Rename it to end in .zst.", "(\u00b5/\u00fd", ""),
  BZIP2("bzip2", "Rename it to end in .bz2.", "BZh.1AY&SY", ""),
  ZIP("a zip archive (or a spreadsheet)", "Unpack or export it first.", "PK\u0003\u0004", ""),
  TAR("a tar archive", "Unpack it first.", ".".repeat(257) + "ustar", ""),
  XZ("xz", "Unpack it first.", "\u00fd7zXZ\u0000", ""),
  AVRO("Avro", "Convert it to Parquet or JSON lines first.", "Obj\u0001", ""),
  SQLITE("a SQLite database", "Export the table first.", "SQLite format 3\u0000", "");

  final String what;
  final String wayOut;

  /** A dot stands for any byte, which no name of a format has. */
  private final String head;

  private final String tail;

  Magic(String what, String wayOut, String head, String tail) {
    this.what = what;
    this.wayOut = wayOut;
    this.head = head;
    this.tail = tail;
  }

  /** What a file is by its first and last bytes. */
  static Optional<Magic> of(String first, String last) {
    return Arrays.stream(values())
        .filter(magic -> magic.begins(first) && magic.ends(last))
        .findFirst();
  }

  /** What a stream is by its first bytes, where its last are not known. */
  static Optional<Magic> of(String first) {
    // Words may begin as the files do whose last bytes tell.
    boolean binary = first.chars().anyMatch(c -> c < '\t' || c > '\r' && c < ' ');
    return Arrays.stream(values())
        .filter(magic -> magic.begins(first) && (binary || magic.tail.isEmpty()))
        .findFirst();
  }

  boolean begins(String first) {
    return matches(first, 0, head);
  }

  boolean ends(String last) {
    return matches(last, last.length() - tail.length(), tail);
  }

  private static boolean matches(String bytes, int from, String pattern) {
    boolean same = from >= 0 && bytes.length() >= from + pattern.length();
    for (int i = 0; same && i < pattern.length(); i++) {
      same = pattern.charAt(i) == '.' || pattern.charAt(i) == bytes.charAt(from + i);
    }
    return same;
  }
}
