package io.embark.input.text;

import io.embark.input.gate.GatedReader;
import io.embark.input.gate.Options;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.execution.datasources.PartitionedFile;
import org.apache.spark.sql.execution.datasources.text.TextFileFormat;
import org.apache.spark.sql.sources.Filter;
import org.apache.spark.sql.types.StructType;
import scala.Function1;
import scala.collection.Iterator;
import scala.collection.Seq;
import scala.collection.immutable.Map;

/** Spark's reader of lines, gated ({@link GatedReader}). */
public final class GatedText extends TextFileFormat {
  private static final long serialVersionUID = 1;

  @Override
  public Function1<PartitionedFile, Iterator<InternalRow>> buildReader(
      SparkSession spark,
      StructType dataSchema,
      StructType partitionSchema,
      StructType requiredSchema,
      Seq<Filter> filters,
      Map<String, String> options,
      Configuration hadoop) {
    Function1<PartitionedFile, Iterator<InternalRow>> plain =
        super.buildReader(
            spark, dataSchema, partitionSchema, requiredSchema, filters, options, hadoop);
    return new GatedReader(Options.broadcast(spark, hadoop), plain::apply);
  }
}
