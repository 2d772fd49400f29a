package io.embark.input.text;

import io.embark.input.gate.GatedReader;
import io.embark.input.gate.Options;
import io.embark.spark.catalyst.ScalaSeq;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.csv.CSVHeaderChecker;
import org.apache.spark.sql.catalyst.csv.CSVInferSchema;
import org.apache.spark.sql.catalyst.csv.CSVOptions;
import org.apache.spark.sql.catalyst.csv.UnivocityParser;
import org.apache.spark.sql.catalyst.csv.UnivocityParser$;
import org.apache.spark.sql.catalyst.expressions.ExprUtils;
import org.apache.spark.sql.execution.datasources.PartitionedFile;
import org.apache.spark.sql.execution.datasources.csv.CSVFileFormat;
import org.apache.spark.sql.execution.datasources.csv.CSVUtils;
import org.apache.spark.sql.sources.Filter;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;
import scala.Function1;
import scala.Option;
import scala.collection.Iterator;
import scala.collection.JavaConverters;
import scala.collection.Seq;
import scala.collection.immutable.Map;

/**
 * Spark's CSV reader, gated ({@link GatedReader}); files whose fields may hold line ends are read
 * through {@link CsvLines}, which knows where quotes are open.
 */
public final class GatedCsv extends CSVFileFormat {
  private static final long serialVersionUID = 1;

  @Override
  public Option<StructType> inferSchema(
      SparkSession spark, Map<String, String> options, Seq<FileStatus> files) {
    QuotedCsv csv = QuotedCsv.of(spark, options);
    if (!csv.isNeeded()) {
      return super.inferSchema(spark, options, files);
    }
    Configuration hadoop = spark.sessionState().newHadoopConfWithOptions(options);
    List<String> paths = new ArrayList<>();
    Option<String[]> first = Option.empty();
    for (FileStatus file : ScalaSeq.toJava(files)) {
      paths.add(file.getPath().toString());
      if (first.isEmpty()) {
        Iterator<String[]> records = csv.records(file.getPath(), hadoop, false);
        first = records.hasNext() ? Option.apply(records.next()) : first;
      }
    }
    if (first.isEmpty()) {
      return Option.apply(new StructType());
    }
    boolean caseSensitive = spark.sessionState().conf().caseSensitiveAnalysis();
    String[] header = CSVUtils.makeSafeHeader(first.get(), caseSensitive, csv.ofLines());
    Broadcast<SerializableConfiguration> conf = Options.broadcast(spark, hadoop);
    boolean hasHeader = csv.ofLines().headerFlag();
    // Not read unless the types are asked for.
    JavaRDD<String[]> records =
        new JavaSparkContext(spark.sparkContext())
            .parallelize(paths, Math.max(1, paths.size()))
            .flatMap(
                path ->
                    JavaConverters.asJavaIterator(
                        csv.records(new Path(path), conf.value().value(), hasHeader)));
    return Option.apply(new CSVInferSchema(csv.ofLines()).infer(records.rdd(), header));
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
    Broadcast<SerializableConfiguration> conf = Options.broadcast(spark, hadoop);
    QuotedCsv csv = QuotedCsv.of(spark, options);
    if (!csv.isNeeded()) {
      Function1<PartitionedFile, Iterator<InternalRow>> plain =
          super.buildReader(
              spark, dataSchema, partitionSchema, requiredSchema, filters, options, hadoop);
      return new GatedReader(conf, plain::apply);
    }
    CSVOptions parsed = csv.ofLines();
    String corrupt = parsed.columnNameOfCorruptRecord();
    ExprUtils.verifyColumnNameOfCorruptRecord(dataSchema, corrupt);
    StructType data = Options.without(dataSchema, corrupt);
    StructType required = Options.without(requiredSchema, corrupt);
    StructType header = parsed.isColumnPruningEnabled() ? required : data;
    return new GatedReader(
        conf,
        file -> {
          CsvLines in = csv.open(file.toPath(), conf.value().value());
          UnivocityParser parser = new UnivocityParser(data, required, parsed, filters);
          CSVHeaderChecker checker =
              new CSVHeaderChecker(header, parsed, "CSV file: " + file.urlEncodedPath(), true);
          return in.guard(
              UnivocityParser$.MODULE$.parseStream(in, parser, checker, requiredSchema));
        });
  }

  @Override
  public String toString() {
    return "CSV, gated";
  }
}
