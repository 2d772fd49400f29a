package io.embark.input;

import io.embark.input.gate.GatedReader;
import io.embark.input.gate.Options;
import io.embark.spark.catalyst.ScalaSeq;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.execution.datasources.PartitionedFile;
import org.apache.spark.sql.execution.datasources.parquet.ParquetFileFormat;
import org.apache.spark.sql.sources.Filter;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;
import scala.Function1;
import scala.collection.Iterator;
import scala.collection.Seq;
import scala.collection.immutable.Map;

/**
 * Parquet files whose columns have other types than the table's. Spark's reader fails on such, or
 * gives nulls; here each file is read as what it is, and its values are widened.
 */
public final class MixedParquet extends ParquetFileFormat {
  private static final long serialVersionUID = 1;

  private static final String RETURNING_BATCH = "returning_batch";

  private final ArrayList<StructType> kinds;

  /**
   * A reader of some files.
   *
   * @param kinds the different columns of files
   */
  MixedParquet(Collection<StructType> kinds) {
    this.kinds = new ArrayList<>(kinds);
  }

  @Override
  public boolean supportBatch(SparkSession spark, StructType schema) {
    return false;
  }

  @Override
  public Function1<PartitionedFile, Iterator<InternalRow>> buildReaderWithPartitionValues(
      SparkSession spark,
      StructType dataSchema,
      StructType partitionSchema,
      StructType requiredSchema,
      Seq<Filter> filters,
      Map<String, String> options,
      Configuration hadoop) {
    boolean caseSensitive = spark.sessionState().conf().caseSensitiveAnalysis();
    Map<String, String> byRow = Options.with(options, RETURNING_BATCH, Boolean.toString(false));
    java.util.Map<StructType, Function1<PartitionedFile, Iterator<InternalRow>>> readers =
        new HashMap<>();
    for (StructType kind : kinds) {
      StructType own = own(requiredSchema, kind, caseSensitive);
      if (!readers.containsKey(own)) {
        readers.put(
            own,
            super.buildReaderWithPartitionValues(
                spark,
                own(dataSchema, kind, caseSensitive),
                partitionSchema,
                own,
                // A filter's value has the table's type, not the file's; Spark filters once more.
                own.equals(requiredSchema) ? filters : ScalaSeq.of(List.of()),
                byRow,
                // Each reader puts its columns there.
                new Configuration(hadoop)));
      }
    }
    Broadcast<SerializableConfiguration> conf = Options.broadcast(spark, hadoop);
    WideningReader widening =
        new WideningReader(
            readers,
            ParquetFooter.of(spark.sessionState().conf()),
            conf,
            requiredSchema,
            partitionSchema,
            caseSensitive);
    return new GatedReader(conf, widening);
  }

  /** The wanted columns with the types that they have in a file. */
  static StructType own(StructType wanted, StructType file, boolean caseSensitive) {
    StructField[] fields = wanted.fields().clone();
    for (int i = 0; i < fields.length; i++) {
      StructField field = fields[i];
      fields[i] =
          Stream.of(file.fields())
              .filter(
                  f ->
                      caseSensitive
                          ? f.name().equals(field.name())
                          : f.name().equalsIgnoreCase(field.name()))
              .filter(f -> !isByReader(f.dataType(), field.dataType()))
              .map(f -> new StructField(field.name(), f.dataType(), true, field.metadata()))
              .findFirst()
              .orElse(field);
    }
    return new StructType(fields);
  }

  /** Whether Spark's reader itself gives the values of a file as those of the wanted type. */
  private static boolean isByReader(DataType own, DataType wanted) {
    boolean nested =
        wanted instanceof StructType || wanted instanceof ArrayType || wanted instanceof MapType;
    return own.sameType(wanted) || nested && Widening.of(own, wanted).isPresent();
  }
}
