package io.embark.cli.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.embark.cli.JobRun;
import io.embark.embed.VectorProvenance;
import io.embark.post.LinearVectorModel;
import io.embark.spark.VectorColumn;
import io.embark.spark.column.ColumnProvenance;
import io.embark.table.Embark;
import io.embark.testing.LocalSpark;
import io.embark.testing.TinyModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.commons.io.FileUtils;
import org.apache.commons.math3.stat.correlation.Covariance;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code embed --post}: fitted once for a table, kept with it, and gone through by all that follow.
 */
@Timeout(300)
class PostCommandTest {
  private static final int ROWS = 60;
  private static final String[] WORDS = {
    "river", "bank", "money", "loan", "water", "fish", "boat", "card", "rate", "tax", "tree"
  };

  @TempDir static Path models;
  private static Path model;
  @TempDir Path directory;

  @BeforeAll
  static void writeModel() {
    model = TinyModels.graph().hiddenSize(4).writeDirectory(models.resolve("tiny"));
  }

  private static String text(int i) {
    return "%s %s of the %s by the %s %d"
        .formatted(WORDS[i % 11], WORDS[i / 3 % 11], WORDS[i * i % 11], WORDS[i / 7 % 11], i);
  }

  private Path input(int rows) throws IOException {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < rows; i++) {
      lines.append("{\"id\": %d, \"text\": \"%s\"}%n".formatted(i, i == 3 ? "" : text(i)));
    }
    Path file = directory.resolve("in-" + rows + ".jsonl");
    if (!Files.exists(file)) {
      Files.writeString(file, lines);
    }
    return file;
  }

  private JobRun run(String output, int rows, Object... flags) throws IOException {
    List<Object> all =
        new ArrayList<>(
            List.of("--model", model, "--input", input(rows), "--output", path(output)));
    all.addAll(List.of(flags));
    if (!all.contains("--pooling")) {
      all.addAll(List.of("--pooling", "mean"));
    }
    return JobRun.embed(all.toArray());
  }

  private String path(String output) {
    return directory.resolve(output).toString();
  }

  private Dataset<Row> table(String output) throws IOException {
    return Embark.read(LocalSpark.session(), path(output));
  }

  private Map<Long, float[]> vectors(String output, String column) throws IOException {
    Dataset<Row> rows = table(output);
    VectorColumn vectors = VectorColumn.of(rows.schema(), column);
    Map<Long, float[]> found = new TreeMap<>();
    for (Row row : rows.collectAsList()) {
      found.put(row.<Long>getAs("id"), vectors.read(row));
    }
    return found;
  }

  private VectorProvenance origin(String output, String column) throws IOException {
    return ColumnProvenance.of(table(output).schema(), column);
  }

  /** Names of the folders of fitted maps that lie with a table. */
  private List<Path> maps(String output) throws IOException {
    Path folder = Path.of(path(output), "_embark", "post");
    if (!Files.exists(folder)) {
      return List.of();
    }
    try (Stream<Path> found = Files.list(folder)) {
      return found.toList();
    }
  }

  private static void assertCovarianceIsIdentity(Map<Long, float[]> vectors, int dimension) {
    double[][] rows =
        vectors.values().stream()
            .filter(v -> v != null)
            .map(
                v -> {
                  assertThat(v).hasSize(dimension);
                  double[] wide = new double[v.length];
                  for (int i = 0; i < wide.length; i++) {
                    wide[i] = v[i];
                  }
                  return wide;
                })
            .toArray(double[][]::new);
    double[][] covariance = new Covariance(rows).getCovarianceMatrix().getData();
    for (int i = 0; i < dimension; i++) {
      for (int j = 0; j < dimension; j++) {
        assertThat(covariance[i][j]).isCloseTo(i == j ? 1 : 0, within(1e-5));
      }
    }
  }

  /**
   * The kept map, put on the vectors of a run without one, gives the vectors of the run with it.
   */
  @Test
  void whitensAndKeepsTheMap() throws IOException {
    run("plain", ROWS).assertDone();
    run("white", ROWS, "--post", "whitening", "--post-rows", "all").assertDone();
    run("unit", ROWS, "--post", "whitening:2", "--post-rows", "all", "--normalize", "l2")
        .assertDone();
    Map<Long, float[]> plain = vectors("plain", "embedding");
    Map<Long, float[]> white = vectors("white", "embedding");
    Map<Long, float[]> unit = vectors("unit", "embedding");
    assertCovarianceIsIdentity(white, 4);
    assertThat(white.get(3L)).isNull();
    LinearVectorModel map = LinearVectorModel.load(maps("white").get(0).toString());
    LinearVectorModel first = LinearVectorModel.load(maps("unit").get(0).toString());
    for (long id : plain.keySet()) {
      if (plain.get(id) != null) {
        assertThat(white.get(id)).containsExactly(map.apply(plain.get(id)), within(1e-5f));
        // Scaled after the map, not before.
        float[] scaled = first.apply(plain.get(id));
        double length = Math.hypot(scaled[0], scaled[1]);
        assertThat(unit.get(id)).hasSize(2);
        assertThat(unit.get(id)[0]).isCloseTo((float) (scaled[0] / length), within(1e-4f));
        assertThat(unit.get(id)[1]).isCloseTo((float) (scaled[1] / length), within(1e-4f));
      }
    }
    VectorProvenance made = origin("white", "embedding");
    assertThat(made.post()).isEqualTo("whitening");
    assertThat(made.postRows()).isEqualTo(ROWS - 1);
    assertThat(made.postFingerprint()).isEqualTo(map.fingerprint());
    assertThat(made.fingerprint()).isNotEqualTo(origin("plain", "embedding").fingerprint());
    JsonNode recorded = manifest("white").at("/post/0");
    assertThat(recorded.get("method").asText()).isEqualTo("whitening");
    assertThat(recorded.get("fittedRows").asLong()).isEqualTo(ROWS - 1);
    assertThat(directory.resolve("white").resolve(recorded.get("path").asText())).exists();

    Dataset<Row> one = table("plain");
    Dataset<Row> other = table("white");
    assertThatThrownBy(() -> Embark.requireComparable(one, other))
        .hasMessageContaining("postFingerprint");
  }

  private JsonNode manifest(String output) throws IOException {
    return JobRun.manifests(Path.of(path(output))).get(0);
  }

  /** What was fitted on the first rows is what later rows, queries and other tables go through. */
  @Test
  void laterRowsAndQueriesGoThroughTheSameMap() throws IOException {
    run("table", ROWS, "--post", "centering", "--mode", "incremental", "--id-col", "id")
        .assertDone();
    String fitted = origin("table", "embedding").postFingerprint();
    Map<Long, float[]> before = vectors("table", "embedding");
    run("table", ROWS + 9, "--post", "centering", "--mode", "incremental", "--id-col", "id")
        .assertDone();
    assertThat(maps("table")).hasSize(1);
    assertThat(origin("table", "embedding").postFingerprint()).isEqualTo(fitted);
    Map<Long, float[]> after = vectors("table", "embedding");
    assertThat(after).hasSize(ROWS + 9);
    before.forEach((id, vector) -> assertThat(after.get(id)).isEqualTo(vector));
    run("table", ROWS, "--mode", "append").assertRefused("post");
    run("table", ROWS, "--post", "whitening", "--mode", "append")
        .assertRefused("went through centering, this run says whitening");

    run("other", 20, "--post", path("table")).assertDone();
    assertThat(origin("other", "embedding").postFingerprint()).isEqualTo(fitted);
    assertThat(vectors("other", "embedding").get(7L)).isEqualTo(before.get(7L));
    run("one", 20, "--post", maps("table").get(0)).assertDone();
    assertThat(vectors("one", "embedding").get(7L)).isEqualTo(before.get(7L));

    JobRun found =
        JobRun.of(
            "search",
            "--input",
            path("table"),
            "--query",
            text(7),
            "--top",
            "1",
            "--device",
            "cpu");
    assertThat(found.exitCode()).as(found.err()).isZero();
    assertThat(found.out()).contains("then centering").contains("1    1.0000  7");

    // A table that was copied without its records has no map to send queries through.
    FileUtils.deleteDirectory(maps("table").get(0).toFile());
    JobRun.of("search", "--input", path("table"), "--query", "x", "--device", "cpu")
        .assertRefused("is not with the table");
    run("table", ROWS, "--post", "centering", "--mode", "append").assertRefused("is not at");
  }

  /** The metadata tell what the model gave from what the map left of it. */
  @Test
  void queriesOfFewerValuesGoThroughTheSameMap() throws IOException {
    run("fewer", ROWS, "--post", "whitening:2", "--truncate-dim", "3").assertDone();
    VectorProvenance made = origin("fewer", "embedding");
    assertThat(made.modelDimension()).isEqualTo(3);
    assertThat(made.dimension()).isEqualTo(2);
    JobRun found =
        JobRun.of("search", "--input", path("fewer"), "--query", text(7), "--device", "cpu");
    assertThat(found.exitCode()).as(found.err()).isZero();
    assertThat(found.out()).contains("1    1.0000  7");
  }

  /** An attempt that is gone on with keeps its map, even where another would be fitted now. */
  @Test
  void goesOnWithTheMapThatItBeganWith() throws IOException {
    Object[] flags = {"--post", "whitening:3", "--max-length", "4", "--post-rows"};
    JobRun stopped = run("again", ROWS, with(flags, "all", "--max-lost-tokens", "0"));
    assertThat(stopped.exitCode()).as(stopped.err()).isEqualTo(3);
    String began = maps("again").get(0).getFileName().toString();
    run("again", ROWS, with(flags, "30")).assertDone();
    assertThat(origin("again", "embedding").postFingerprint()).startsWith(began);
    assertThat(maps("again")).hasSize(1);
    run("again", ROWS, with(flags, "30", "--mode", "overwrite")).assertDone();
    assertThat(origin("again", "embedding").postFingerprint()).doesNotStartWith(began);
    assertThat(maps("again")).hasSize(1);
  }

  private static Object[] with(Object[] some, Object... more) {
    return Stream.concat(Stream.of(some), Stream.of(more)).toArray();
  }

  /** A map for each vector, of whatever kind and stored as whatever type. */
  @Test
  void severalVectorsTypesAndChunks() throws IOException {
    run(
            "two",
            ROWS,
            "--post",
            "whitening",
            "--pooling",
            "mean,max",
            "--post-rows",
            "all",
            "--output-type",
            "float")
        .assertDone();
    assertThat(maps("two")).hasSize(2);
    assertCovarianceIsIdentity(vectors("two", "embedding_mean"), 4);
    assertCovarianceIsIdentity(vectors("two", "embedding_max"), 4);

    Object[] joined = {"--post", "pca:5", "--pooling", "mean,max", "--concat", "--normalize", "l2"};
    run("joined", ROWS, joined).assertDone();
    run("int8", ROWS, with(joined, "--output-type", "int8")).assertDone();
    assertThat(origin("joined", "embedding").dimension()).isEqualTo(5);
    Map<Long, float[]> exact = vectors("joined", "embedding");
    Map<Long, float[]> rounded = vectors("int8", "embedding");
    for (long id : exact.keySet()) {
      if (exact.get(id) != null) {
        assertThat(rounded.get(id)).containsExactly(exact.get(id), within(0.02f));
      }
    }

    run(
            "chunks",
            ROWS,
            "--post",
            "whitening",
            "--post-rows",
            "all",
            "--chunk",
            "document",
            "--chunk-tokens",
            "10",
            "--chunk-overlap",
            "0")
        .assertDone();
    assertCovarianceIsIdentity(vectors("chunks", "embedding"), 4);
  }

  @Test
  void refusesWhatMakesNoSense() throws IOException {
    run("x", ROWS, "--post", "bleach")
        .assertRefused("post: found 'bleach', wanted none, whitening[:N]");
    run("x", ROWS, "--post", "pca")
        .assertRefused("wanted a number of directions with it, as in pca:128");
    run("x", ROWS, "--post", "centering:3").assertRefused("wanted centering without a number");
    run("x", ROWS, "--post", "pca:5").assertRefused("post: found pca:5, but vectors have 4 values");
    run("x", ROWS, "--post-rows", "9").assertRefused("post-rows: set, but post is none");
    run("x", ROWS, "--post", "/no/such").assertRefused("post: nothing at /no/such");
    run("x", ROWS, "--post", directory).assertRefused("neither a saved map nor a table");
    run("x", ROWS, "--post", "centering", "--token-states").assertRefused("token-states");
    run("x", ROWS).assertDone();
    run("x", ROWS, "--post", "centering", "--mode", "append")
        .assertRefused("column 'embedding' without it");
  }
}
