package io.embark.input;

import io.embark.input.gate.GatedReader;
import io.embark.input.gate.Options;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.execution.datasources.PartitionedFile;
import org.apache.spark.sql.execution.datasources.orc.OrcFileFormat;
import org.apache.spark.sql.sources.Filter;
import org.apache.spark.sql.types.StructType;
import scala.Function1;
import scala.collection.Iterator;
import scala.collection.Seq;
import scala.collection.immutable.Map;

/** Spark's ORC reader, gated ({@link GatedReader}). */
public final class GatedOrc extends OrcFileFormat {
  private static final long serialVersionUID = 1;

  @Override
  public Function1<PartitionedFile, Iterator<InternalRow>> buildReaderWithPartitionValues(
      SparkSession spark,
      StructType dataSchema,
      StructType partitionSchema,
      StructType requiredSchema,
      Seq<Filter> filters,
      Map<String, String> options,
      Configuration hadoop) {
    Function1<PartitionedFile, Iterator<InternalRow>> plain =
        super.buildReaderWithPartitionValues(
            spark, dataSchema, partitionSchema, requiredSchema, filters, options, hadoop);
    return new GatedReader(Options.broadcast(spark, hadoop), plain::apply);
  }
}
