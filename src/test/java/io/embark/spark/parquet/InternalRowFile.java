package io.embark.spark.parquet;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.hadoop.ParquetFileWriter;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.api.WriteSupport;
import org.apache.parquet.hadoop.util.HadoopOutputFile;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.execution.datasources.parquet.ParquetWriteSupport;
import org.apache.spark.sql.types.StructType;

/** Writes rows to one Parquet file without a Spark job. */
final class InternalRowFile {
  private InternalRowFile() {}

  static final class Builder extends ParquetWriter.Builder<InternalRow, Builder> {
    private final WriteSupport<InternalRow> support;

    private Builder(Path file, WriteSupport<InternalRow> support) throws IOException {
      super(
          HadoopOutputFile.fromPath(
              new org.apache.hadoop.fs.Path(file.toUri()), new Configuration()));
      this.support = support;
    }

    @Override
    protected Builder self() {
      return this;
    }

    @Override
    protected WriteSupport<InternalRow> getWriteSupport(Configuration configuration) {
      return support;
    }
  }

  /** The bytes of the file. */
  static byte[] write(
      Path file,
      StructType schema,
      boolean legacy,
      UnaryOperator<Builder> options,
      Supplier<WriteSupport<InternalRow>> support,
      List<InternalRow> rows)
      throws IOException {
    Configuration configuration = new Configuration();
    ParquetWriteSupport.setSchema(schema, configuration);
    configuration.set("spark.sql.parquet.writeLegacyFormat", Boolean.toString(legacy));
    configuration.set("spark.sql.parquet.outputTimestampType", "INT96");
    configuration.set("spark.sql.parquet.fieldId.write.enabled", "true");
    configuration.set("spark.sql.legacy.parquet.nanosAsLong", "false");
    Builder builder =
        new Builder(file, support.get())
            .withConf(configuration)
            .withWriteMode(ParquetFileWriter.Mode.OVERWRITE);
    try (ParquetWriter<InternalRow> writer = options.apply(builder).build()) {
      for (InternalRow row : rows) {
        writer.write(row);
      }
    }
    return Files.readAllBytes(file);
  }
}
