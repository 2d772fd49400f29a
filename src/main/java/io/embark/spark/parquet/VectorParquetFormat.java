package io.embark.spark.parquet;

import io.embark.embed.VectorProvenance;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.mapreduce.Job;
import org.apache.parquet.hadoop.ParquetOutputFormat;
import org.apache.parquet.hadoop.util.ContextUtil;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.execution.datasources.OutputWriterFactory;
import org.apache.spark.sql.execution.datasources.parquet.ParquetFileFormat;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import scala.collection.immutable.Map;

/**
 * Spark's Parquet, with vectors written in bulk: {@code rows.write().format("embark-parquet")}. The
 * files are those of Spark's own format, byte for byte; see {@link VectorWriteSupport}.
 *
 * <p>Columns that Embark made get no dictionary unless an option asks for one: hardly two values of
 * a vector are equal, so Parquet would fill one in vain and write everything again.
 */
public final class VectorParquetFormat extends ParquetFileFormat {
  private static final long serialVersionUID = 1;

  /** Its name for {@code DataFrameWriter.format}. */
  public static final String NAME = "embark-parquet";

  private static final String DICTIONARY = ParquetOutputFormat.ENABLE_DICTIONARY;

  @Override
  public String shortName() {
    return NAME;
  }

  @Override
  public String toString() {
    return "Parquet, vectors in bulk";
  }

  @Override
  public OutputWriterFactory prepareWrite(
      SparkSession spark, Job job, Map<String, String> options, StructType schema) {
    OutputWriterFactory factory = super.prepareWrite(spark, job, options, schema);
    Configuration configuration = ContextUtil.getConfiguration(job);
    ParquetOutputFormat.setWriteSupportClass(job, VectorWriteSupport.class);
    for (StructField field : schema.fields()) {
      if (field.metadata().contains(VectorProvenance.KEY)) {
        configuration.setIfUnset(
            DICTIONARY + "#" + field.name() + values(field.dataType()), "false");
      }
    }
    return factory;
  }

  private static String values(DataType type) {
    if (type instanceof ArrayType) {
      return ".list.element";
    }
    return type.equals(DataTypes.BinaryType) ? "" : ".values.list.element";
  }
}
