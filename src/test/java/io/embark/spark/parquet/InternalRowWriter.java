package io.embark.spark.parquet;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.hadoop.ParquetFileWriter;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.api.WriteSupport;
import org.apache.parquet.hadoop.util.HadoopOutputFile;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.execution.datasources.parquet.ParquetWriteSupport;
import org.apache.spark.sql.types.StructType;

/** Writes Spark's rows to one local Parquet file without a Spark job: to measure and to test. */
public final class InternalRowWriter extends ParquetWriter.Builder<InternalRow, InternalRowWriter> {
  private final WriteSupport<InternalRow> support;

  private InternalRowWriter(Path file, WriteSupport<InternalRow> support) throws IOException {
    super(
        HadoopOutputFile.fromPath(
            new org.apache.hadoop.fs.Path(file.toUri()), new Configuration(false)));
    this.support = support;
  }

  /**
   * @param file overwritten if it is there
   * @param support what writes the rows, Spark's own or {@link VectorWriteSupport}
   * @param options of Spark and Hadoop, by their keys
   */
  public static InternalRowWriter to(
      Path file, StructType schema, WriteSupport<InternalRow> support, Map<String, String> options)
      throws IOException {
    Configuration configuration = new Configuration();
    ParquetWriteSupport.setSchema(schema, configuration);
    configuration.set("spark.sql.parquet.writeLegacyFormat", "false");
    configuration.set("spark.sql.parquet.outputTimestampType", "INT96");
    configuration.set("spark.sql.parquet.fieldId.write.enabled", "true");
    configuration.set("spark.sql.legacy.parquet.nanosAsLong", "false");
    options.forEach(configuration::set);
    return new InternalRowWriter(file, support)
        .withConf(configuration)
        .withWriteMode(ParquetFileWriter.Mode.OVERWRITE);
  }

  @Override
  protected InternalRowWriter self() {
    return this;
  }

  @Override
  protected WriteSupport<InternalRow> getWriteSupport(Configuration configuration) {
    return support;
  }
}
