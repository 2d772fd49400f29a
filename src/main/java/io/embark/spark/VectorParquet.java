package io.embark.spark;

import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/** How tables with vectors are best written to Parquet. */
public final class VectorParquet {
  private static final String DICTIONARY = "parquet.enable.dictionary#";

  private VectorParquet() {}

  /**
   * Options for {@code Dataset.write()}: no dictionaries for the columns that Embark made. Hardly
   * two values of a vector are equal, so Parquet would fill a dictionary, find that it does not
   * help, and write everything again; that took half of the time of writing.
   */
  public static Map<String, String> options(StructType schema) {
    Map<String, String> options = new TreeMap<>();
    for (StructField field : schema.fields()) {
      if (field.metadata().contains(EmbeddingColumns.METADATA_KEY)) {
        // An array's values lie one level deeper in MLlib's vectors, which are structs.
        String path =
            field.dataType() instanceof ArrayType ? ".list.element" : ".values.list.element";
        options.put(DICTIONARY + field.name() + path, "false");
      }
    }
    return options;
  }
}
