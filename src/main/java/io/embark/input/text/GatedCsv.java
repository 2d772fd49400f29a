package io.embark.input.text;

import io.embark.input.gate.GatedReader;
import io.embark.input.gate.Options;
import io.embark.spark.catalyst.ScalaSeq;
import java.nio.charset.Charset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.spark.TaskContext;
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
import org.apache.spark.sql.catalyst.util.FailureSafeParser;
import org.apache.spark.sql.execution.datasources.CodecStreams;
import org.apache.spark.sql.execution.datasources.HadoopFileLinesReader;
import org.apache.spark.sql.execution.datasources.PartitionedFile;
import org.apache.spark.sql.execution.datasources.csv.CSVFileFormat;
import org.apache.spark.sql.execution.datasources.csv.CSVUtils;
import org.apache.spark.sql.sources.Filter;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.SchemaUtils;
import org.apache.spark.util.SerializableConfiguration;
import org.apache.spark.util.TaskCompletionListener;
import scala.Function1;
import scala.Option;
import scala.collection.Iterator;
import scala.collection.JavaConverters;
import scala.collection.Seq;
import scala.collection.immutable.Map;
import scala.runtime.AbstractFunction1;

/**
 * Spark's CSV reader, gated ({@link GatedReader}): with all fields of each row, whichever are
 * wanted, so that no row of another length passes.
 */
public final class GatedCsv extends CSVFileFormat {
  private static final long serialVersionUID = 1;

  @Override
  public Option<StructType> inferSchema(
      SparkSession spark, Map<String, String> options, Seq<FileStatus> files) {
    QuotedCsv csv = QuotedCsv.of(spark, options);
    Configuration hadoop = spark.sessionState().newHadoopConfWithOptions(options);
    List<String> paths = new ArrayList<>();
    Option<String[]> first = Option.empty();
    // The order of a listing is another everywhere.
    List<FileStatus> sorted = new ArrayList<>(ScalaSeq.toJava(files));
    sorted.sort(Comparator.comparing(FileStatus::getPath));
    for (FileStatus file : sorted) {
      paths.add(file.getPath().toString());
      if (first.isEmpty()) {
        Iterator<String[]> records = csv.records(file.getPath(), hadoop, false);
        first = records.hasNext() ? Option.apply(records.next()) : first;
      }
    }
    if (first.isEmpty()) {
      return Option.apply(new StructType());
    }
    boolean hasHeader = csv.options().headerFlag();
    if (hasHeader) {
      requireDifferent(spark, first.get());
    }
    boolean caseSensitive = spark.sessionState().conf().caseSensitiveAnalysis();
    String[] header = CSVUtils.makeSafeHeader(first.get(), caseSensitive, csv.options());
    Broadcast<SerializableConfiguration> conf = Options.broadcast(spark, hadoop);
    // Not read unless the types are asked for.
    JavaRDD<String[]> records =
        new JavaSparkContext(spark.sparkContext())
            .parallelize(paths, Math.max(1, paths.size()))
            .flatMap(
                path ->
                    JavaConverters.asJavaIterator(
                        csv.records(new Path(path), conf.value().value(), hasHeader)));
    return Option.apply(new CSVInferSchema(csv.options()).infer(records.rdd(), header));
  }

  /** Refuses names that are one to Spark, which would give them numbers. */
  private static void requireDifferent(SparkSession spark, String[] names) {
    List<String> given = Arrays.stream(names).filter(Objects::nonNull).toList();
    SchemaUtils.checkColumnNameDuplication(
        ScalaSeq.of(given), spark.sessionState().conf().resolver());
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
    CSVOptions parsed = csv.options();
    String corrupt = parsed.columnNameOfCorruptRecord();
    ExprUtils.verifyColumnNameOfCorruptRecord(dataSchema, corrupt);
    StructType data = Options.without(dataSchema, corrupt);
    StructType required = Options.without(requiredSchema, corrupt);
    return new GatedReader(
        conf,
        file -> {
          UnivocityParser parser = new UnivocityParser(data, required, parsed, filters);
          boolean begins = parsed.multiLine() || file.start() == 0;
          CSVHeaderChecker checker =
              new CSVHeaderChecker(data, parsed, "CSV file: " + file.urlEncodedPath(), begins);
          Configuration here = conf.value().value();
          if (csv.isNeeded()) {
            CsvLines in = csv.open(file.toPath(), here);
            return in.guard(
                UnivocityParser$.MODULE$.parseStream(in, parser, checker, requiredSchema));
          }
          return parsed.multiLine()
              ? UnivocityParser$.MODULE$.parseStream(
                  CodecStreams.createInputStreamWithCloseResource(here, file.toPath()),
                  parser,
                  checker,
                  requiredSchema)
              : byLine(file, here, parser, checker, requiredSchema);
        });
  }

  /** As Spark reads lines, but for rows of blank fields, which it leaves out. */
  private static Iterator<InternalRow> byLine(
      PartitionedFile file,
      Configuration hadoop,
      UnivocityParser parser,
      CSVHeaderChecker checker,
      StructType schema) {
    CSVOptions options = parser.options();
    HadoopFileLinesReader lines =
        new HadoopFileLinesReader(file, options.lineSeparatorInRead(), hadoop);
    TaskCompletionListener close = context -> lines.close();
    TaskContext.get().addTaskCompletionListener(close);
    Iterator<String> rows =
        new LineRows(
            lines.map(
                function(
                    line ->
                        new String(
                            line.getBytes(),
                            0,
                            line.getLength(),
                            Charset.forName(options.charset())))),
            options);
    checker.checkHeaderColumnNames(rows, parser.tokenizer());
    FailureSafeParser<String> safe =
        new FailureSafeParser<>(
            function(line -> Option.option2Iterable(parser.parse().apply(line))),
            options.parseMode(),
            schema,
            options.columnNameOfCorruptRecord());
    return rows.flatMap(function(safe::parse));
  }

  private static <A, B> AbstractFunction1<A, B> function(Function<A, B> function) {
    return new AbstractFunction1<>() {
      @Override
      public B apply(A value) {
        return function.apply(value);
      }
    };
  }

  @Override
  public String toString() {
    return "CSV, gated";
  }
}
