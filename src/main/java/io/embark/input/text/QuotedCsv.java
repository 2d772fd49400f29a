package io.embark.input.text;

import com.univocity.parsers.csv.CsvParser;
import io.embark.input.gate.Options;
import java.io.Serializable;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.csv.CSVOptions;
import org.apache.spark.sql.catalyst.csv.UnivocityParser$;
import org.apache.spark.sql.execution.datasources.CodecStreams;
import org.apache.spark.sql.internal.SQLConf;
import scala.collection.Iterator;
import scala.collection.immutable.Map;

/**
 * How CSV files whose fields may hold line ends are read.
 *
 * @param ofFile the options as given
 * @param ofLines the same for {@link CsvLines}, which Spark's parser gets instead of the file
 * @param mostChars of a quoted field that holds line ends
 */
record QuotedCsv(CSVOptions ofFile, CSVOptions ofLines, long mostChars) implements Serializable {
  private static final String MOST_CHARS = "maxQuotedChars";
  private static final String DEFAULT_MOST_CHARS = "1000000";

  static QuotedCsv of(SparkSession spark, Map<String, String> options) {
    Map<String, String> utf8 = Options.with(options, "charset", "UTF-8");
    utf8 = Options.with(utf8, "encoding", "UTF-8");
    utf8 = Options.with(utf8, "lineSep", "\n");
    long most = Long.parseLong(Options.get(options, MOST_CHARS, DEFAULT_MOST_CHARS));
    return new QuotedCsv(parsed(spark, options), parsed(spark, utf8), most);
  }

  private static CSVOptions parsed(SparkSession spark, Map<String, String> options) {
    SQLConf conf = spark.sessionState().conf();
    return new CSVOptions(
        options,
        conf.csvColumnPruning(),
        conf.sessionLocalTimeZone(),
        conf.columnNameOfCorruptRecord());
  }

  /** Not where a record is a line, or the user says what ends one. */
  boolean isNeeded() {
    return ofFile.multiLine() && ofFile.lineSeparatorInRead().isEmpty();
  }

  /** Opens a file, to be closed at the end of the task at the latest. */
  CsvLines open(Path file, Configuration hadoop) {
    return new CsvLines(
        file, CodecStreams.createInputStreamWithCloseResource(hadoop, file), ofFile, mostChars);
  }

  /** The records of a file. */
  Iterator<String[]> records(Path file, Configuration hadoop, boolean dropHeader) {
    CsvLines lines = open(file, hadoop);
    return lines.guard(
        UnivocityParser$.MODULE$.tokenizeStream(
            lines, dropHeader, new CsvParser(ofLines.asParserSettings()), ofLines.charset()));
  }
}
