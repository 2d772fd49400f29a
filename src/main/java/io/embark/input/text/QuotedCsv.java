package io.embark.input.text;

import com.univocity.parsers.csv.CsvParser;
import io.embark.input.gate.Options;
import io.embark.input.gate.UnreadableInput;
import java.io.InputStream;
import java.io.Serializable;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.csv.CSVExprUtils$;
import org.apache.spark.sql.catalyst.csv.CSVOptions;
import org.apache.spark.sql.catalyst.csv.UnivocityParser$;
import org.apache.spark.sql.execution.datasources.CodecStreams;
import org.apache.spark.sql.internal.SQLConf;
import scala.collection.AbstractIterator;
import scala.collection.Iterator;
import scala.collection.immutable.Map;
import scala.runtime.AbstractFunction1;

/**
 * How CSV files are read: most through {@link CsvLines}, as their fields may hold line ends; others
 * line by line, or by Spark's parser alone.
 *
 * @param ofFile the options as given
 * @param ofLines the same for {@link CsvLines}, which Spark's parser gets instead of the file
 * @param mostChars of a quoted field that holds line ends
 */
record QuotedCsv(CSVOptions ofFile, CSVOptions ofLines, long mostChars) implements Serializable {
  private static final String MOST_CHARS = "maxQuotedChars";
  private static final String DEFAULT_MOST_CHARS = "1000000";

  static QuotedCsv of(SparkSession spark, Map<String, String> given) {
    // All fields of a row are looked at, or rows of another length would pass.
    Map<String, String> options = Options.with(given, CSVOptions.COLUMN_PRUNING(), "false");
    Map<String, String> utf8 = Options.with(options, "charset", "UTF-8");
    utf8 = Options.with(utf8, "encoding", "UTF-8");
    utf8 = Options.with(utf8, "lineSep", "\n");
    long most = Long.parseLong(Options.get(options, MOST_CHARS, DEFAULT_MOST_CHARS));
    return new QuotedCsv(parsed(spark, options), parsed(spark, utf8), most);
  }

  /** Whether types are told by looking at all values. */
  boolean infersTypes() {
    return ofLines.inferSchemaFlag();
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

  /** What Spark's parser is told of a file that it reads. */
  CSVOptions options() {
    return isNeeded() ? ofLines : ofFile;
  }

  /**
   * The records of a file.
   *
   * @return an iterator that throws an {@link UnreadableInput}
   */
  Iterator<String[]> records(Path file, Configuration hadoop, boolean dropHeader) {
    try {
      return named(file, unnamed(file, hadoop, dropHeader));
    } catch (Exception e) {
      // Spark's code throws exceptions that it does not declare.
      throw UnreadableInput.of(file, e);
    }
  }

  private Iterator<String[]> unnamed(Path file, Configuration hadoop, boolean dropHeader) {
    CsvParser parser = new CsvParser(options().asParserSettings());
    if (isNeeded()) {
      CsvLines lines = open(file, hadoop);
      return lines.guard(
          UnivocityParser$.MODULE$.tokenizeStream(lines, dropHeader, parser, ofLines.charset()));
    }
    InputStream in = CodecStreams.createInputStreamWithCloseResource(hadoop, file);
    if (ofFile.multiLine()) {
      return UnivocityParser$.MODULE$.tokenizeStream(in, dropHeader, parser, ofFile.charset());
    }
    LineRows rows = LineRows.of(in, ofFile);
    if (dropHeader) {
      CSVExprUtils$.MODULE$.extractHeader(rows, ofFile);
    }
    return rows.map(ofLine(parser));
  }

  private static AbstractFunction1<String, String[]> ofLine(CsvParser parser) {
    return new AbstractFunction1<>() {
      @Override
      public String[] apply(String line) {
        return parser.parseLine(line);
      }
    };
  }

  private static <T> Iterator<T> named(Path file, Iterator<T> records) {
    return new AbstractIterator<>() {
      @Override
      public boolean hasNext() {
        try {
          return records.hasNext();
        } catch (Exception e) {
          throw UnreadableInput.of(file, e);
        }
      }

      @Override
      public T next() {
        try {
          return records.next();
        } catch (Exception e) {
          throw UnreadableInput.of(file, e);
        }
      }
    };
  }
}
