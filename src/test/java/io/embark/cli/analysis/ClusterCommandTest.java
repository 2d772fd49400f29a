package io.embark.cli.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.embark.cli.JobRun;
import io.embark.spark.column.OutputType;
import io.embark.testing.EmbeddedTables;
import io.embark.testing.LocalSpark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The job on three plain topics, one of whose texts is hostile. */
@Timeout(300)
class ClusterCommandTest {
  private static final String[] TOPICS = {"apple pear fruit", "car truck road", "song tune music"};
  private static final String HOSTILE = "</script><script>alert(1)</script> apple \u001b[31m";

  @TempDir static Path directory;
  private static Path table;

  @BeforeAll
  static void write() {
    Random random = new Random(3);
    List<String> texts = new ArrayList<>();
    List<float[]> vectors = new ArrayList<>();
    for (int i = 0; i < 90; i++) {
      // Sizes 45, 27 and 18.
      int topic = i % 10 < 5 ? 0 : i % 10 < 8 ? 1 : 2;
      float[] vector = new float[6];
      for (int h = 0; h < vector.length; h++) {
        vector[h] = (h / 2 == topic ? 1 : 0) + 0.1f * (float) random.nextGaussian();
      }
      vectors.add(i == 44 ? null : vector);
      texts.add(i == 0 ? HOSTILE : TOPICS[topic] + " number" + i);
    }
    table = directory.resolve("table");
    EmbeddedTables.of(OutputType.INT8, texts, vectors, 2)
        .withColumn("topic", functions.expr("element_at(split(text, ' '), 1)"))
        // Known only where there is no vector.
        .withColumn("unknown", functions.expr("if(embedding is null, 'a', cast(null as string))"))
        .write()
        .parquet(table.toString());
  }

  private static JobRun cluster(Object... flags) {
    List<String> all = new ArrayList<>(List.of("cluster", "--input", table.toString()));
    for (Object flag : flags) {
      all.add(flag.toString());
    }
    return JobRun.of(all.toArray(String[]::new));
  }

  @Test
  void choosesTheNumberWritesRowsModelAndSummary() throws IOException {
    Path output = directory.resolve("out");
    JobRun run =
        cluster("--output", output, "--k", "2..4", "--starts", "2", "--label-col", "topic");
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.out())
        .contains("taken: best silhouette", "3 clusters", "V-measure", "1 rows without a vector")
        .doesNotContain("\u001b");

    Dataset<Row> rows = LocalSpark.session().read().parquet(output.resolve("rows").toString());
    assertThat(rows.columns())
        .containsExactly("id", "text", "embedding", "topic", "unknown", "cluster", "distance");
    assertThat(rows.count()).isEqualTo(90);
    assertThat(rows.where("cluster is null").count()).isEqualTo(1);

    JsonNode json = new ObjectMapper().readTree(output.resolve("cluster.json").toFile());
    assertThat(json.get("k").asInt()).isEqualTo(3);
    assertThat(json.get("choices")).hasSize(3);
    JsonNode clusters = json.get("clusters");
    assertThat(clusters).extracting(c -> c.get("rows").asInt()).containsExactly(44, 27, 18);
    assertThat(clusters.get(1).get("terms"))
        .extracting(t -> t.get("term").asText())
        .startsWith("car", "road", "truck");
    assertThat(clusters.get(1).get("medoids")).hasSize(3);
    assertThat(clusters.get(1).get("cohesion").asDouble()).isBetween(0.9, 1.0);
    // The hostile row is a class of its own by its first word.
    assertThat(json.get("agreement").get("accuracy").asDouble()).isCloseTo(88 / 89.0, within(1e-9));

    String page = Files.readString(output.resolve("cluster.html"));
    assertThat(page).contains("u003cscript\\u003ealert(1)").doesNotContain("<script>alert");

    // Tomorrow: new rows of the same kind, of another type.
    PipelineModel model = PipelineModel.load(output.resolve("model").toString());
    Dataset<Row> tomorrow =
        EmbeddedTables.of(
            OutputType.FLOAT,
            List.of("x", "y"),
            List.of(new float[] {0, 0, 1, 1, 0, 0}, new float[] {0, 0, 0, 0, 2, 2}),
            1);
    assertThat(model.transform(tomorrow).orderBy("id").collectAsList())
        .extracting(row -> row.<Integer>getAs("cluster"))
        .containsExactly(1, 2);

    cluster("--output", output).assertRefused("exists");
  }

  @Test
  void bisectingAndEuclideanAreTakenToo() {
    Path output = directory.resolve("bisecting");
    JobRun run =
        cluster(
            "--output",
            output,
            "--k",
            "3",
            "--algorithm",
            "bisecting",
            "--distance",
            "euclidean",
            "--cluster-col",
            "group",
            "--duplicate-rows",
            "0");
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(
            LocalSpark.session()
                .read()
                .parquet(output.resolve("rows").toString())
                .groupBy("group")
                .count()
                .where("group is not null")
                .select("count")
                .collectAsList())
        .extracting(row -> row.getLong(0))
        .containsExactlyInAnyOrder(44L, 27L, 18L);
  }

  /** The sample is for choosing and the silhouette; it bounds no number that was given. */
  @Test
  void moreClustersThanSampledRows() throws IOException {
    Path output = directory.resolve("many");
    JobRun run =
        cluster("--output", output, "--k", "30", "--choice-rows", "10", "--duplicate-rows", "0");
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.out()).contains("no silhouette on ", "(--choice-rows)");
    JsonNode json = new ObjectMapper().readTree(output.resolve("cluster.json").toFile());
    assertThat(json.get("k").asInt()).isGreaterThan(json.get("silhouetteRows").asInt());
    assertThat(json.has("silhouette")).isFalse();
  }

  @Test
  void saysWhatIsWrong() {
    Path output = directory.resolve("none");
    JobRun.of("cluster", "--output", "x").assertRefused("input: missing");
    cluster().assertRefused("output: missing");
    cluster("--output", output, "--k", "1").assertRefused("k: found '1'");
    cluster("--output", output, "--k", "5..2").assertRefused("k: found '5..2'");
    cluster("--output", output, "--k", "89").assertRefused("fewer clusters than rows");
    cluster("--output", output, "--label-col", "nope").assertRefused("label-col: no column");
    cluster("--output", output, "--k", "3", "--label-col", "unknown")
        .assertRefused("label-col: 'unknown' is null in every row that has a vector");
    cluster("--output", output, "--stop-words", "klingon").assertRefused("stop-words");
    cluster("--output", output, "--cluster-col", "topic").assertRefused("a column 'topic' already");
    cluster("--output", output, "--mode", "append").assertRefused("mode: found 'append'");
    cluster("--output", table.resolve("sub")).assertRefused("lie in each other");
    assertThat(output).doesNotExist();
  }
}
