package io.embark.spark.sql;

import io.embark.embed.Embedder;
import io.embark.embed.EmbedderConfig;
import io.embark.onnx.Device;
import io.embark.testing.TinyModels;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.types.DataTypes;

/**
 * A function {@code embed_row(text)} that gives row by row what {@code embed_text} of the session
 * is to give.
 */
final class EmbedRow implements AutoCloseable {
  private static Embedder embedder;

  private EmbedRow() {}

  /** Makes a tiny model in a directory, gives it to a session, and the function with it. */
  static EmbedRow in(SparkSession spark, Path directory) throws IOException {
    Path model = TinyModels.graph().hiddenSize(4).writeDirectory(directory.resolve("tiny"));
    embedder =
        Embedder.open(EmbedderConfig.of(model.toString()).toBuilder().device(Device.CPU).build());
    spark.conf().set("spark.embark.model", model.toString());
    UDF1<String, float[]> row = EmbedRow::embed;
    spark.udf().register("embed_row", row, DataTypes.createArrayType(DataTypes.FloatType, false));
    return new EmbedRow();
  }

  private static float[] embed(String text) {
    return text == null || text.isBlank() ? null : embedder.embed(List.of(text))[0];
  }

  @Override
  public void close() {
    embedder.close();
  }
}
