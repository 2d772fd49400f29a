package io.embark.testing;

import io.embark.embed.VectorProvenance;
import io.embark.spark.column.OutputType;
import io.embark.vector.Int8Ranges;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.catalyst.CatalystTypeConverters;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.MetadataBuilder;
import org.apache.spark.sql.types.StructType;

/** Tables as an embed job writes them, of vectors made up by a test. */
public final class EmbeddedTables {
  private EmbeddedTables() {}

  /**
   * Rows {@code (id string, text string, embedding)}, with the ids r0000, r0001 and so on.
   *
   * @param vectors null for a row without one
   */
  public static Dataset<Row> of(
      OutputType type, List<String> texts, List<float[]> vectors, int partitions) {
    int dimension = vectors.stream().filter(v -> v != null).findFirst().orElseThrow().length;
    Int8Ranges ranges = null;
    for (float[] vector : vectors) {
      if (vector != null && type == OutputType.INT8) {
        ranges = ranges == null ? Int8Ranges.ofFirst(vector) : ranges.with(vector);
      }
    }
    StructType schema =
        new StructType()
            .add("id", DataTypes.StringType)
            .add("text", DataTypes.StringType)
            .add("embedding", type.dataType(), true, metadata(type, dimension, ranges, "f00d"));
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < vectors.size(); i++) {
      float[] vector = vectors.get(i);
      Object stored =
          vector == null
              ? null
              : CatalystTypeConverters.convertToScala(type.value(vector, ranges), type.dataType());
      rows.add(RowFactory.create("r%04d".formatted(i), texts.get(i), stored));
    }
    return LocalSpark.session().createDataFrame(rows, schema).repartition(partitions);
  }

  private static Metadata metadata(
      OutputType type, int dimension, Int8Ranges ranges, String fingerprint) {
    MetadataBuilder made =
        new MetadataBuilder()
            .putString("model", "made-up")
            .putString("fingerprint", fingerprint)
            .putString("pooling", "mean")
            .putString("vector", "mean")
            .putString("layers", "-1")
            .putLong("dimension", dimension)
            .putString("type", type.label());
    if (type == OutputType.INT8) {
      made.putDoubleArray("int8Min", ranges.minAsDoubles());
      made.putDoubleArray("int8Max", ranges.maxAsDoubles());
    }
    return new MetadataBuilder().putMetadata(VectorProvenance.KEY, made.build()).build();
  }
}
