package io.embark.cli.embed;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.embark.cli.JobSettings;
import io.embark.cli.Main;
import io.embark.embed.Setting;
import io.embark.embed.VectorProvenance;
import io.embark.onnx.OnnxRuntime;
import io.embark.spark.column.ColumnProvenance;
import io.embark.spark.executor.ModelFacts;
import io.embark.table.KeptMaps;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import org.apache.hadoop.fs.FileStatus;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;

/**
 * The record of a run, a JSON file under {@code _embark/} in the output directory; docs/tables.md
 * describes its fields.
 */
final class RunManifest {
  /** Input files listed one by one; of more only number and bytes are told. */
  private static final int FILES = 1_000;

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);
  private static final ObjectMapper JSON = new ObjectMapper();

  private RunManifest() {}

  /** The name of the record of a run that ends now and made this version. */
  static String fileName(SparkSession spark, long snapshot) {
    return "run-%s-%s-%d.json"
        .formatted(TIME.format(Instant.now()), spark.sparkContext().applicationId(), snapshot);
  }

  /** The record of a run, by its key, that made the version {@code snapshot}. */
  static ObjectNode of(EmbedPlan plan, String run, long snapshot, TableRun.Staged staged) {
    SparkSession spark = plan.spark();
    TextInput input = plan.input();
    ModelFacts facts = plan.model();
    ObjectNode root = JSON.createObjectNode();
    root.put("embark", Main.version());
    root.put("run", run);
    root.put("snapshot", snapshot);
    root.put("mode", plan.mode().label());
    root.put("started", Instant.ofEpochMilli(spark.sparkContext().startTime()).toString());
    root.put("finished", Instant.now().toString());
    root.put("application", spark.sparkContext().applicationId());
    root.put("master", spark.sparkContext().master());
    root.putObject("versions")
        .put("spark", spark.version())
        .put("java", System.getProperty("java.version"))
        .put("onnxruntime", OnnxRuntime.version());
    input.paths().forEach(root.putArray("input")::add);
    root.put("format", input.format().label());
    addFiles(root.putObject("inputFiles"), input);
    addModel(root.putObject("model"), facts);
    addPost(root, plan.schema());
    root.put("device", facts.device().orElse("each executor's own"));
    addSettings(root.putObject("settings"), plan.settings(), facts);
    ObjectNode result = root.putObject("result");
    staged.summary().addTo(result);
    result.put("distinctTexts", staged.texts());
    result.put("invalidTexts", staged.invalidTexts());
    result.put("slices", staged.slices());
    result.put("resumedSlices", staged.resumedSlices());
    result.put("resumedRows", staged.summary().resumed());
    return root;
  }

  private static void addFiles(ObjectNode node, TextInput input) {
    node.put("count", input.files().size());
    node.put("bytes", input.files().stream().mapToLong(FileStatus::getLen).sum());
    ArrayNode listed = node.putArray("files");
    for (FileStatus file : input.files().subList(0, Math.min(FILES, input.files().size()))) {
      listed
          .addObject()
          .put("path", file.getPath().toString())
          .put("bytes", file.getLen())
          .put("modified", Instant.ofEpochMilli(file.getModificationTime()).toString());
    }
  }

  private static void addModel(ObjectNode model, ModelFacts facts) {
    model.put("name", facts.config().text(Setting.MODEL));
    model.put("fingerprint", facts.fingerprint());
    ObjectNode files = model.putObject("sha256");
    facts.fileHashes().forEach(files::put);
    ArrayNode vectors = model.putArray("vectors");
    for (int i = 0; i < facts.vectorNames().size(); i++) {
      vectors
          .addObject()
          .put("name", facts.vectorNames().get(i))
          .put("dimension", facts.dimensions().get(i));
    }
  }

  /** The maps that vectors went through after the model, if they did. */
  private static void addPost(ObjectNode root, StructType schema) {
    for (String column : ColumnProvenance.columns(schema)) {
      VectorProvenance made = ColumnProvenance.of(schema, column);
      if (!made.post().isEmpty()) {
        root.withArray("post")
            .addObject()
            .put("column", column)
            .put("method", made.post())
            .put("fingerprint", made.postFingerprint())
            .put("fittedRows", made.postRows())
            .put("path", KeptMaps.place(made.postFingerprint()))
            .put("dimension", made.dimension());
      }
    }
  }

  private static void addSettings(ObjectNode effective, JobSettings settings, ModelFacts facts) {
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
  }
}
