package io.embark.input.text;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import io.embark.input.gate.Options;
import io.embark.input.gate.UnreadableInput;
import io.embark.spark.wire.Packed;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Serializable;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.Text;
import org.apache.hadoop.util.LineReader;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.execution.datasources.CodecStreams;
import org.apache.spark.util.SerializableConfiguration;
import scala.collection.immutable.Map;

/**
 * Where JSON files cannot be read, looked for once a reader has failed: Spark's says what is wrong,
 * but neither in which file nor in which line.
 *
 * @param options of the reader
 */
record JsonFaults(ExactJsonOptions options) implements Serializable {
  private static final int EXCERPT = 80;

  /** The first fault in the first file that has one. */
  static Optional<UnreadableInput> of(
      SparkSession spark, Map<String, String> options, List<FileStatus> files) {
    JsonFaults faults = new JsonFaults(ExactJsonOptions.of(spark, options));
    Broadcast<SerializableConfiguration> conf =
        Options.broadcast(spark, spark.sessionState().newHadoopConfWithOptions(options));
    List<String> paths = files.stream().map(file -> file.getPath().toString()).toList();
    return new JavaSparkContext(spark.sparkContext())
            .parallelize(paths, paths.size())
            .map(
                path ->
                    faults.in(new Path(path), conf.value().value()).map(Packed::of).orElse(null))
            .filter(Objects::nonNull)
            .collect()
            .stream()
            .findFirst()
            .map(Packed::read);
  }

  private Optional<UnreadableInput> in(Path file, Configuration hadoop) throws IOException {
    try (InputStream in = CodecStreams.createInputStream(hadoop, file)) {
      return options.multiLine() ? whole(file, in) : lines(file, in);
    } catch (IOException e) {
      if (UnreadableInput.of(file, e) instanceof UnreadableInput damaged) {
        return Optional.of(damaged);
      }
      throw e;
    }
  }

  private Optional<UnreadableInput> whole(Path file, InputStream in) throws IOException {
    JsonFactory factory = options.buildJsonFactory();
    try (JsonParser parser =
        options.encoding().isEmpty()
            ? factory.createParser(in)
            : factory.createParser(new InputStreamReader(in, options.encoding().get()))) {
      read(parser);
      return Optional.empty();
    } catch (JsonProcessingException e) {
      return Optional.of(fault(file, e, "line %d, column %d".formatted(line(e), column(e)), ""));
    }
  }

  private Optional<UnreadableInput> lines(Path file, InputStream in) throws IOException {
    JsonFactory factory = options.buildJsonFactory();
    LineReader reader =
        options.lineSeparatorInRead().isEmpty()
            ? new LineReader(in)
            : new LineReader(in, options.lineSeparatorInRead().get());
    Text text = new Text();
    for (long line = 1; reader.readLine(text) > 0; line++) {
      try (JsonParser parser = parser(factory, text)) {
        read(parser);
      } catch (JsonProcessingException e) {
        return Optional.of(
            fault(
                file,
                e,
                "line %,d, column %d".formatted(line, column(e)),
                excerpt(text.toString())));
      }
    }
    return Optional.empty();
  }

  private JsonParser parser(JsonFactory factory, Text text) throws IOException {
    String line =
        options.encoding().isEmpty()
            ? null
            : new String(text.getBytes(), 0, text.getLength(), options.encoding().get());
    return line == null
        ? factory.createParser(text.getBytes(), 0, text.getLength())
        : factory.createParser(new java.io.StringReader(line));
  }

  private static void read(JsonParser parser) throws IOException {
    int depth = 0;
    for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
      depth += token.isStructStart() ? 1 : token.isStructEnd() ? -1 : 0;
      if (depth == 0) {
        // What stands behind is found as the parser is closed.
        return;
      }
    }
  }

  private static UnreadableInput fault(
      Path file, JsonProcessingException e, String where, String excerpt) {
    return new UnreadableInput(
        file, "malformed record in %s: %s%s".formatted(where, e.getOriginalMessage(), excerpt), e);
  }

  private static String excerpt(String text) {
    String shown = text.length() <= EXCERPT ? text : text.substring(0, EXCERPT) + "...";
    return ", in " + shown;
  }

  private static long line(JsonProcessingException e) {
    return e.getLocation() == null ? 1 : e.getLocation().getLineNr();
  }

  private static long column(JsonProcessingException e) {
    return e.getLocation() == null ? 1 : e.getLocation().getColumnNr();
  }
}
