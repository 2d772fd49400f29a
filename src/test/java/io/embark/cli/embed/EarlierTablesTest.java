package io.embark.cli.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.embark.cli.JobRun;
import io.embark.embed.VectorProvenance;
import io.embark.spark.VectorColumn;
import io.embark.table.Embark;
import io.embark.testing.Interpreted;
import io.embark.testing.LocalSpark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.commons.io.FileUtils;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** Tables that version 0.1.0 wrote are read, searched, appended to and updated. */
@Timeout(300)
@Interpreted
class EarlierTablesTest {
  private static final Path TABLES = Path.of("src", "test", "resources", "tables-0.1.0");
  private static final String MODEL = "builtin:all-MiniLM-L6-v2";

  /** The tables with the flags that they were made with. */
  private enum Table {
    PLAIN("--pooling", "mean", "--output-type", "float"),
    JOINED(
        "--pooling",
        "mean,max",
        "--concat",
        "true",
        "--truncate-dim",
        "48",
        "--output-type",
        "float"),
    INT8("--truncate-dim", "24", "--output-type", "int8"),
    PROMPTED("--prompt", "query: ", "--output-type", "float", "--truncate-dim", "48"),
    TASK,
    WHITENED("--post", "whitening:4", "--output-type", "float16-bits", "--truncate-dim", "32"),
    VERSIONS("--truncate-dim", "48", "--output-type", "float");

    private final List<String> flags;

    Table(String... flags) {
      this.flags = List.of(flags);
    }
  }

  @TempDir Path directory;

  @BeforeEach
  void copy() throws IOException {
    FileUtils.copyDirectory(TABLES.toFile(), directory.toFile());
  }

  private Path path(Table table) {
    return directory.resolve(table.name().toLowerCase());
  }

  private Dataset<Row> read(Path table) {
    return Embark.read(LocalSpark.session(), table.toString());
  }

  private Map<String, float[]> vectors(Path table) {
    Dataset<Row> rows = read(table);
    VectorColumn vector = VectorColumn.of(rows.schema(), "embedding");
    Map<String, float[]> all = new TreeMap<>();
    for (Row row : rows.collectAsList()) {
      float[] values = vector.read(row);
      assertThat(values).hasSize(vector.dimension());
      all.put(row.getAs("id") + " " + row.getAs("text"), values);
    }
    return all;
  }

  private static void assertDone(JobRun run) {
    assertThat(run.exitCode()).as(run.err()).isZero();
  }

  private JobRun embed(String input, Path output, Table table, String... flags) {
    List<Object> all = new ArrayList<>(List.of("--input", directory.resolve(input)));
    all.addAll(List.of("--model", MODEL, "--output", output, "--progress", "none"));
    all.addAll(table.flags);
    all.addAll(List.of(flags));
    return JobRun.embed(all.toArray());
  }

  @ParameterizedTest
  @EnumSource(Table.class)
  void isReadAndSearched(Table table) {
    Map<String, float[]> vectors = vectors(path(table));
    assertThat(vectors).hasSize(table == Table.VERSIONS ? 10 : 8);
    String text = "my card was not in the mail again can you advise?";
    JobRun run =
        JobRun.of(
            "search",
            "--input",
            path(table).toString(),
            "--query",
            text,
            "--top",
            "2",
            "--model",
            MODEL,
            "--device",
            "cpu");
    assertDone(run);
    assertThat(run.out()).containsPattern(" +1 +(1\\.0000|0\\.999\\d) .*\"" + "my card was not");
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "TASK")
  void isAppendedTo(Table table) {
    Map<String, float[]> before = vectors(path(table));
    assertDone(embed("more.jsonl", path(table), table, "--mode", "append"));
    assertThat(read(path(table)).count()).isEqualTo(before.size() + 10);
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "TASK")
  void isUpdated(Table table) throws IOException {
    Map<String, float[]> before = vectors(path(table));
    String changed = Files.readString(directory.resolve("more.jsonl")).replace("Please", "Do");
    Files.writeString(directory.resolve("more.jsonl"), changed);
    assertDone(embed("more.jsonl", path(table), table, "--mode", "incremental", "--id-col", "id"));
    Map<String, float[]> after = vectors(path(table));
    assertThat(after).hasSize(10);
    for (Map.Entry<String, float[]> row : before.entrySet()) {
      if (after.containsKey(row.getKey())) {
        assertThat(after.get(row.getKey())).as(row.getKey()).isEqualTo(row.getValue());
      }
    }
    assertThat(after.keySet().stream().filter(row -> row.endsWith("Do hurry."))).hasSize(1);
  }

  /** The same texts, with the same settings, give the same vectors and metadata as then. */
  @ParameterizedTest
  @EnumSource(
      mode = Mode.EXCLUDE,
      names = {"TASK", "VERSIONS"})
  void isWhatTheSameRunWritesToday(Table table) throws IOException {
    Path today = directory.resolve("today");
    assertDone(embed("first.jsonl", today, table));
    assertThat(provenance(today)).isEqualTo(provenance(path(table)));
    if (table == Table.WHITENED) {
      // Fitted on eight vectors: small errors grow.
      return;
    }
    // Other machines round otherwise, which may be a whole step of int8.
    float off = table == Table.INT8 ? 1e-2f : 1e-4f;
    Map<String, float[]> wanted = vectors(path(table));
    vectors(today)
        .forEach((row, vector) -> assertThat(vector).containsExactly(wanted.get(row), within(off)));
  }

  /** Where settings came from is told by the machine that the table was made on. */
  private ObjectNode provenance(Path table) throws IOException {
    String json = read(table).schema().apply("embedding").metadata().json();
    ObjectNode all = (ObjectNode) new ObjectMapper().readTree(json).get(VectorProvenance.KEY);
    all.remove(List.of("run", "embarkVersion", "model"));
    for (String rounded : List.of("int8Min", "int8Max", "fingerprint", "postFingerprint")) {
      if (all.has(rounded) && (all.has("post") || all.get(rounded).isArray())) {
        all.put(rounded, all.get(rounded).getNodeType().name());
      }
    }
    return all;
  }

  @Test
  void earlierVersionsStay() throws IOException {
    assertDone(
        embed(
            "first.jsonl",
            path(Table.VERSIONS),
            Table.VERSIONS,
            "--mode",
            "incremental",
            "--id-col",
            "id",
            "--sync-deletes",
            "true"));
    assertThat(read(path(Table.VERSIONS)).count()).isEqualTo(8);
    try (Stream<Path> files = Files.list(path(Table.VERSIONS).resolve("_embark/snapshots"))) {
      assertThat(files.map(file -> file.getFileName().toString()).collect(Collectors.toSet()))
          .contains("00000001.json", "00000002.json", "00000003.json");
    }
  }

  @Test
  void savedClustersAreApplied() {
    LocalSpark.session();
    PipelineModel model = PipelineModel.load(directory.resolve("clusters/model").toString());
    Map<String, Integer> found = clusters(model.transform(read(path(Table.VERSIONS))));
    Map<String, Integer> then =
        clusters(
            LocalSpark.session().read().parquet(directory.resolve("clusters/rows").toString()));
    assertThat(found).isEqualTo(then).hasSize(10);
  }

  private static Map<String, Integer> clusters(Dataset<Row> rows) {
    Map<String, Integer> clusters = new TreeMap<>();
    for (Row row : rows.collectAsList()) {
      clusters.put(row.getAs("id"), row.getAs("cluster"));
    }
    return clusters;
  }
}
