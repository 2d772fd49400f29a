package io.embark.job;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.embark.embed.Setting;
import io.embark.spark.ModelFacts;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;

/** The record of a run, a JSON file under {@code _embark/} in the output directory. */
final class RunManifest {
  private static final String DIRECTORY = "_embark";
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private RunManifest() {}

  static void write(
      Path output,
      SparkSession spark,
      JobSettings settings,
      ModelFacts facts,
      TextInput input,
      RunSummary summary)
      throws IOException {
    Instant now = Instant.now();
    ObjectNode root = JSON.createObjectNode();
    root.put("embark", Version.of());
    root.put("finished", now.toString());
    root.put("application", spark.sparkContext().applicationId());
    root.put("master", spark.sparkContext().master());
    root.putObject("versions")
        .put("spark", spark.version())
        .put("java", System.getProperty("java.version"));
    input.paths().forEach(root.putArray("input")::add);
    root.put("format", input.format().label());
    ObjectNode model = root.putObject("model");
    model.put("fingerprint", facts.fingerprint());
    for (int i = 0; i < facts.vectorNames().size(); i++) {
      model
          .withArray("vectors")
          .addObject()
          .put("name", facts.vectorNames().get(i))
          .put("dimension", facts.dimensions().get(i));
    }
    ObjectNode effective = root.putObject("settings");
    for (Setting<?> setting : Setting.ALL) {
      effective
          .putObject(setting.key())
          .put("value", facts.config().text(setting))
          .put("from", facts.config().origin(setting));
    }
    for (Setting<?> setting : EmbedSettings.ALL) {
      if (settings.isSet(setting)) {
        effective
            .putObject(setting.key())
            .put("value", settings.text(setting))
            .put("from", settings.origin(setting));
      }
    }
    root.set("result", result(summary));
    String name =
        "run-%s-%s.json".formatted(TIME.format(now), spark.sparkContext().applicationId());
    Path file = new Path(new Path(output, DIRECTORY), name);
    FileSystem files = file.getFileSystem(spark.sparkContext().hadoopConfiguration());
    try (OutputStream out = files.create(file, false)) {
      JSON.writeValue(out, root);
    }
  }

  private static ObjectNode result(RunSummary summary) {
    ObjectNode result = JSON.createObjectNode();
    result.put("rows", summary.rows());
    result.put("documents", summary.documents());
    summary.byStatus().forEach((status, rows) -> result.put(status.name(), rows));
    result.put("truncated", summary.truncated());
    result.put("tokens", summary.tokens());
    result.put("tokensOfWholeTexts", summary.allTokens());
    result.put("padding", summary.padding());
    result.put("batchesHalvedForMemory", summary.halvings());
    result.put("seconds", summary.seconds());
    result.put("taskSecondsModel", summary.modelSeconds());
    result.put("taskSecondsReadAndTokenize", summary.tokenizeSeconds());
    return result;
  }
}
