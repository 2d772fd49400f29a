package io.embark.input.text;

import io.embark.input.gate.Options;
import java.util.Arrays;
import org.apache.spark.sql.types.StructType;
import scala.collection.immutable.Map;

/**
 * The column that Spark's readers put records into that they cannot read. Where such a record ends
 * the run there is none, and a column of the files that has its name is one like others.
 */
final class CorruptRecords {
  private static final String NAME = "columnNameOfCorruptRecord";

  private CorruptRecords() {}

  /** Options in which that column is none of the files', unless the user passes records over. */
  static Map<String, String> named(Map<String, String> options, StructType files) {
    return Options.get(options, "mode", "PERMISSIVE").equalsIgnoreCase("FAILFAST")
        ? Options.with(options, NAME, free(files.fieldNames()))
        : options;
  }

  private static String free(String... taken) {
    String name = "corrupt";
    while (Arrays.stream(taken).anyMatch(name::equalsIgnoreCase)) {
      name += "_";
    }
    return name;
  }
}
