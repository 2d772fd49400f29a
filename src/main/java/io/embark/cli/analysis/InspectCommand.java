package io.embark.cli.analysis;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.embark.UserError;
import io.embark.cli.ExitCode;
import io.embark.cli.JobSettings;
import io.embark.cli.Subcommand;
import io.embark.cli.Words;
import io.embark.embed.Status;
import io.embark.spark.VectorColumn;
import io.embark.table.Snapshot;
import io.embark.table.Staging;
import io.embark.table.TableDirectory;
import io.embark.table.TableLock;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.deploy.SparkHadoopUtil;
import org.apache.spark.sql.types.StructField;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Prints the records of a table: its versions, runs and settings. Starts no session. */
@Command(
    name = "inspect",
    mixinStandardHelpOptions = true,
    description =
        "Prints the versions of a table that the embed job wrote, its runs, settings and sizes.",
    footer = "Exit code: 0 in order, 1 files are not what the records say, 2 no table there.")
public final class InspectCommand implements Subcommand {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  @Parameters(paramLabel = "PATH", description = "The output directory of an embed job.")
  private String path;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Option(
      names = "--repair",
      description = "Finish what a run that was killed had begun to publish.")
  private boolean repair;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException, InterruptedException {
    Configuration hadoop = SparkHadoopUtil.get().conf();
    TableDirectory table = TableDirectory.at(JobSettings.path("inspect", path, hadoop), hadoop);
    Words out = new Words(spec.commandLine().getOut());
    if (repair) {
      try (TableLock lock = TableLock.take(table, "inspect --repair", Duration.ZERO)) {
        Staging.recover(table, lock);
      }
    }
    List<String> underWay = table.underWay();
    Optional<Snapshot> found = table.current();
    if (found.isEmpty()) {
      throw new UserError(
          "No table of Embark's at %s: there is no snapshot under its _embark%s."
              .formatted(
                  table.path(), underWay.isEmpty() ? "" : " yet; " + String.join("; ", underWay)));
    }
    Snapshot current = found.get();
    List<String> problems = table.problems(current);
    List<JsonNode> runs = table.runs();
    if (json) {
      ObjectNode root = JSON.createObjectNode();
      root.put("path", table.path().toString());
      root.set("snapshot", JSON.valueToTree(current));
      root.set("snapshots", JSON.valueToTree(table.snapshotIds()));
      root.set("runs", JSON.valueToTree(runs));
      root.set("underWay", JSON.valueToTree(underWay));
      root.set("problems", JSON.valueToTree(problems));
      out.println(JSON.writeValueAsString(root));
    } else {
      print(out, table, current);
      out.println();
      out.println("Runs:");
      runs.forEach(run -> print(out, run));
      if (!runs.isEmpty()) {
        printSettings(out, runs.get(runs.size() - 1));
      }
      print(out, "Under way:", underWay);
      print(out, "Problems:", problems);
    }
    return problems.isEmpty() ? 0 : ExitCode.FAILED;
  }

  private static void print(Words out, TableDirectory table, Snapshot current) throws IOException {
    String perRow =
        current.rowCount() > 0
            ? Words.of(" (%,d a row, all columns)", current.byteCount() / current.rowCount())
            : "";
    out.println(table.path());
    out.printf(
        "Snapshot %d of %d on record, made with --mode %s at %s: %s rows, %,d files, %,d bytes%s%n",
        current.id(),
        table.snapshotIds().size(),
        current.mode(),
        current.committed(),
        current.rowCount() < 0 ? "unknown" : Words.of("%,d", current.rowCount()),
        current.files().size(),
        current.byteCount(),
        perRow);
    out.println();
    out.println("Columns:");
    for (StructField field : current.structType().fields()) {
      out.printf("  %-24s %s%n", field.name(), field.dataType().simpleString());
      if (field.metadata().contains(VectorColumn.METADATA_KEY)) {
        JsonNode made = JSON.readTree(field.metadata().json()).get(VectorColumn.METADATA_KEY);
        for (Map.Entry<String, JsonNode> entry : made.properties()) {
          if (entry.getValue().isValueNode()) {
            out.printf("    %-22s %s%n", entry.getKey(), entry.getValue().asText());
          }
        }
      }
    }
  }

  private static void print(Words out, String title, List<String> lines) {
    if (!lines.isEmpty()) {
      out.println();
      out.println(title);
      lines.forEach(line -> out.println("  " + line));
    }
  }

  private static void print(Words out, JsonNode run) {
    JsonNode result = run.path("result");
    List<String> counts = new ArrayList<>();
    for (Status status : Status.values()) {
      count(counts, result.path(status.name()).asLong(), status.name());
    }
    count(counts, result.path("truncated").asLong(), "cut");
    count(counts, result.path("resumedRows").asLong(), "by an attempt that was killed");
    List<String> input = new ArrayList<>();
    run.path("input").forEach(path -> input.add(path.asText()));
    out.printf(
        "  %s  snapshot %d, %s: %,d rows embedded%s in %.1f s on %s; %s%n",
        run.path("finished").asText(),
        run.path("snapshot").asLong(),
        run.path("mode").asText(),
        result.path("rows").asLong(),
        counts.isEmpty() ? "" : " (" + String.join(", ", counts) + ")",
        result.path("seconds").asDouble(),
        run.path("device").asText(),
        String.join(", ", input));
  }

  private static void count(List<String> counts, long rows, String what) {
    if (rows > 0) {
      counts.add(Words.of("%,d %s", rows, what));
    }
  }

  private static void printSettings(Words out, JsonNode run) {
    out.println();
    out.println("Settings of the last run:");
    for (Map.Entry<String, JsonNode> setting : run.path("settings").properties()) {
      out.printf(
          "  %-24s %-34s (%s)%n",
          setting.getKey(),
          setting.getValue().path("value").asText(),
          setting.getValue().path("from").asText());
    }
    out.println();
    out.printf(
        "Versions: Embark %s, Spark %s, Java %s, ONNX Runtime %s%n",
        run.path("embark").asText(),
        run.at("/versions/spark").asText(),
        run.at("/versions/java").asText(),
        run.at("/versions/onnxruntime").asText());
    out.println();
    out.println("Files of its model, SHA-256:");
    for (Map.Entry<String, JsonNode> file : run.at("/model/sha256").properties()) {
      out.printf("  %-24s %s%n", file.getKey(), file.getValue().asText());
    }
  }
}
