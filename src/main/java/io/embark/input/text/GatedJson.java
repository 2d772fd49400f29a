package io.embark.input.text;

import io.embark.input.gate.GatedReader;
import io.embark.input.gate.Options;
import io.embark.spark.catalyst.ScalaSeq;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.ExprUtils;
import org.apache.spark.sql.catalyst.json.JacksonParser;
import org.apache.spark.sql.execution.datasources.PartitionedFile;
import org.apache.spark.sql.execution.datasources.json.JsonDataSource$;
import org.apache.spark.sql.execution.datasources.json.JsonFileFormat;
import org.apache.spark.sql.sources.Filter;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;
import scala.Function1;
import scala.Option;
import scala.collection.Iterator;
import scala.collection.Seq;
import scala.collection.immutable.Map;

/** Spark's JSON reader, exact ({@link ExactJsonFactory}) and gated ({@link GatedReader}). */
public final class GatedJson extends JsonFileFormat {
  private static final long serialVersionUID = 1;

  /** Parses every record, whatever {@code samplingRatio} says: this is the gate. */
  @Override
  public Option<StructType> inferSchema(
      SparkSession spark, Map<String, String> options, Seq<FileStatus> files) {
    ExactJsonOptions exact =
        ExactJsonOptions.of(spark, Options.with(options, "samplingRatio", "1.0"));
    try {
      Seq<FileStatus> named = exact.multiLine() ? literal(files) : files;
      return JsonDataSource$.MODULE$.apply(exact).inferSchema(spark, named, exact);
    } catch (Exception e) {
      // Spark's code throws exceptions that it does not declare.
      throw JsonFaults.of(spark, options, ScalaSeq.toJava(files))
          .<RuntimeException>map(fault -> fault)
          .orElseGet(() -> Options.same(e));
    }
  }

  /** Spark takes the names of whole files for globs. */
  private static Seq<FileStatus> literal(Seq<FileStatus> files) {
    List<FileStatus> named = new ArrayList<>();
    for (FileStatus file : ScalaSeq.toJava(files)) {
      Path path = file.getPath();
      String name = path.toString().replaceAll("[\\\\*?\\[\\]{}]", "\\\\$0");
      named.add(
          new FileStatus(
              file.getLen(),
              false,
              file.getReplication(),
              file.getBlockSize(),
              file.getModificationTime(),
              new Path(name)));
    }
    return ScalaSeq.of(named);
  }

  @Override
  public Function1<PartitionedFile, Iterator<InternalRow>> buildReader(
      SparkSession spark,
      StructType dataSchema,
      StructType partitionSchema,
      StructType requiredSchema,
      Seq<Filter> filters,
      Map<String, String> options,
      Configuration hadoop) {
    ExactJsonOptions exact = ExactJsonOptions.of(spark, options);
    ExprUtils.verifyColumnNameOfCorruptRecord(dataSchema, exact.columnNameOfCorruptRecord());
    StructType parsed = Options.without(requiredSchema, exact.columnNameOfCorruptRecord());
    Broadcast<SerializableConfiguration> conf = Options.broadcast(spark, hadoop);
    return new GatedReader(
        conf,
        file ->
            JsonDataSource$.MODULE$
                .apply(exact)
                .readFile(
                    conf.value().value(),
                    file,
                    new JacksonParser(parsed, exact, true, filters),
                    requiredSchema));
  }

  @Override
  public String toString() {
    return "JSON, exact";
  }
}
