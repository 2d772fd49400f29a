package io.embark.cli.embed;

import io.embark.cli.Version;
import io.embark.spark.VectorColumn;
import io.embark.spark.column.Columns;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.MetadataBuilder;
import org.apache.spark.sql.types.StructField;

/**
 * Adds the run to what a vector column's metadata say. Spark writes them into the key-value
 * metadata of each Parquet file's footer, so that a file tells where it comes from even alone.
 */
final class RunFooter {
  private RunFooter() {}

  static Dataset<Row> mark(Dataset<Row> rows, String run) {
    Column[] columns =
        Stream.of(rows.schema().fields())
            .map(f -> Columns.of(rows, f.name()).as(f.name(), mark(f, run)))
            .toArray(Column[]::new);
    return rows.select(columns);
  }

  private static Metadata mark(StructField field, String run) {
    if (!field.metadata().contains(VectorColumn.METADATA_KEY)) {
      return field.metadata();
    }
    Metadata made =
        new MetadataBuilder()
            .withMetadata(field.metadata().getMetadata(VectorColumn.METADATA_KEY))
            .putString("run", run)
            .putString("embarkVersion", Version.of())
            .build();
    return new MetadataBuilder()
        .withMetadata(field.metadata())
        .putMetadata(VectorColumn.METADATA_KEY, made)
        .build();
  }
}
