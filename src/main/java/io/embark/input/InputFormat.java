package io.embark.input;

import io.embark.Choice;
import io.embark.UserError;
import io.embark.input.text.GatedCsv;
import io.embark.input.text.GatedJson;
import io.embark.input.text.GatedText;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.sql.execution.datasources.FileFormat;

/**
 * A format of input files. The reader options are chosen so that no row is lost or torn silently:
 * malformed rows fail the job, and so does a file whose header differs from that of the first; a
 * quoted CSV field may hold line breaks.
 */
public enum InputFormat implements Choice {
  PARQUET(List.of("parquet"), Map.of()),
  ORC(List.of("orc"), Map.of()),
  /** Strings of any length: Spark would end at 20 million characters. */
  JSON(
      List.of("json", "jsonl", "ndjson"),
      Map.of("mode", "FAILFAST", "maxStringLen", Integer.toString(Integer.MAX_VALUE))),
  CSV(List.of("csv"), delimited(Map.of("multiLine", "true", "escape", "\""))),
  /** Tab-separated without quoting: a quotation mark is a character like any other. */
  TSV(List.of("tsv", "tab"), delimited(Map.of("sep", "\t", "quote", noQuote()))),
  /** One text per line. */
  TEXT(List.of("txt", "text"), Map.of());

  private static final List<String> COMPRESSIONS =
      List.of("gz", "bz2", "zst", "snappy", "lz4", "deflate");

  /** Of Spark's reader. */
  public final Map<String, String> options;

  private final List<String> extensions;

  InputFormat(List<String> extensions, Map<String, String> options) {
    this.extensions = extensions;
    this.options = options;
  }

  private static Map<String, String> delimited(Map<String, String> own) {
    Map<String, String> options = new HashMap<>(own);
    options.putAll(Map.of("mode", "FAILFAST", "header", "true", "enforceSchema", "false"));
    return Map.copyOf(options);
  }

  /**
   * A quotation mark that no text begins with: the second half of a pair of UTF-16. Spark takes
   * none for NUL, which texts may begin with.
   */
  public static String noQuote() {
    return String.valueOf(Character.MIN_LOW_SURROGATE);
  }

  /** Reads files of the format. */
  FileFormat reader() {
    return switch (this) {
      case PARQUET -> new GatedParquet();
      case ORC -> new GatedOrc();
      case JSON -> new GatedJson();
      case CSV, TSV -> new GatedCsv();
      case TEXT -> new GatedText();
    };
  }

  /** Whether files say of which types their columns are. */
  boolean hasTypes() {
    return this == PARQUET || this == ORC || this == TEXT;
  }

  /** Whether a file of the format holds at least a footer. */
  boolean isNeverEmpty() {
    return this == PARQUET || this == ORC;
  }

  public static String labels() {
    return Choice.labels(InputFormat.class, ", ");
  }

  public static InputFormat of(String text) {
    return ofExtension(text.strip().toLowerCase(Locale.ROOT))
        .orElseThrow(() -> new UserError("found '" + text + "', wanted one of " + labels() + "."));
  }

  /** The label of each format is among its extensions. */
  private static Optional<InputFormat> ofExtension(String extension) {
    return Arrays.stream(values()).filter(f -> f.extensions.contains(extension)).findFirst();
  }

  /** Whether readers unpack files whose names end so. */
  static boolean isCompression(String suffix) {
    return COMPRESSIONS.contains(suffix);
  }

  /** The format a file name tells, compression suffixes skipped. */
  public static Optional<InputFormat> ofFileName(String name) {
    int dot = name.lastIndexOf('.');
    if (dot < 0) {
      return Optional.empty();
    }
    String extension = name.substring(dot + 1).toLowerCase(Locale.ROOT);
    return COMPRESSIONS.contains(extension)
        ? ofFileName(name.substring(0, dot))
        : ofExtension(extension);
  }
}
