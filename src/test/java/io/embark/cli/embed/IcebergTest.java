package io.embark.cli.embed;

import static org.assertj.core.api.Assertions.assertThat;

import io.embark.cli.ExitCode;
import io.embark.cli.JobRun;
import io.embark.testing.LocalSpark;
import io.embark.testing.TinyModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Incremental runs on an Iceberg table in a Hadoop catalog. */
@Timeout(300)
class IcebergTest {
  @TempDir Path directory;
  private final Map<String, String> properties = new TreeMap<>();
  private final Map<Integer, String> texts = new TreeMap<>();

  @BeforeEach
  void catalog() {
    properties.put(
        "spark.sql.extensions",
        "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions");
    properties.put("spark.sql.catalog.lake", "org.apache.iceberg.spark.SparkCatalog");
    properties.put("spark.sql.catalog.lake.type", "hadoop");
    properties.put("spark.sql.catalog.lake.warehouse", directory.resolve("lake").toString());
    restart();
  }

  private void restart() {
    LocalSpark.session().stop();
    properties.forEach(System::setProperty);
  }

  @AfterEach
  void away() {
    LocalSpark.session().stop();
    properties.keySet().forEach(System::clearProperty);
  }

  private JobRun run(Object... flags) throws IOException {
    StringBuilder lines = new StringBuilder();
    texts.forEach(
        (id, text) ->
            lines.append(
                "{\"id\": %d, \"tag\": \"%s\", \"text\": \"%s\"}%n"
                    .formatted(
                        id,
                        text.startsWith("tagged") ? "new" : "old",
                        text.replace("tagged ", ""))));
    Path input = Files.writeString(directory.resolve("in.jsonl"), lines);
    Path model = directory.resolve("tiny");
    if (!Files.exists(model)) {
      TinyModels.graph().hiddenSize(4).writeDirectory(model);
    }
    return JobRun.embed(
        List.of(
            "--model",
            model,
            "--pooling",
            "mean",
            "--input",
            input,
            "--table",
            "lake.db.vectors",
            "--id-col",
            "id"),
        flags);
  }

  private JobRun incremental(Object... flags) throws IOException {
    List<Object> all = new ArrayList<>(List.of("--mode", "incremental", "--output-type", "float"));
    all.addAll(List.of(flags));
    JobRun run = run(all.toArray());
    assertThat(run.exitCode()).as(run.err()).isZero();
    return run;
  }

  private void requireTable() {
    SparkSession spark = LocalSpark.session();
    List<Row> rows = spark.table("lake.db.vectors").orderBy("id").collectAsList();
    assertThat(rows.stream().map(r -> r.<Long>getAs("id").intValue()))
        .containsExactlyElementsOf(texts.keySet());
    for (Row row : rows) {
      String text = texts.get(row.<Long>getAs("id").intValue());
      assertThat(row.<String>getAs("text")).isEqualTo(text.replace("tagged ", ""));
      assertThat(row.<String>getAs("tag")).isEqualTo(text.startsWith("tagged") ? "new" : "old");
      assertThat(row.<String>getAs("status")).isEqualTo("OK");
      assertThat(row.getList(row.fieldIndex("embedding"))).hasSize(4);
    }
    // Equal texts have equal vectors, however late they came.
    assertThat(
            spark
                .sql(
                    "SELECT text FROM lake.db.vectors GROUP BY text HAVING"
                        + " count(DISTINCT transform(embedding, v -> round(v, 4))) > 1")
                .count())
        .isZero();
  }

  @Test
  void threeDaysOfAChangingInput() throws IOException {
    for (int id = 0; id < 300; id++) {
      texts.put(id, "text number " + id % 150);
    }
    assertThat(incremental().out()).contains("300 new").contains("300 rows");
    requireTable();

    for (int id = 300; id < 310; id++) {
      texts.put(id, "text number " + id % 150);
    }
    texts.put(5, "changed");
    texts.put(6, "tagged text number 6");
    String gone = texts.remove(7);
    JobRun second = incremental();
    assertThat(second.out()).contains("10 new, 1 changed, 1 with the same text", "1 gone");
    assertThat(second.out()).contains("11 rows");
    texts.put(7, gone);
    requireTable();

    texts.remove(7);
    assertThat(incremental("--sync-deletes").out()).contains("0 rows;");
    requireTable();
    assertThat(incremental("--sync-deletes").out()).contains("Nothing to do");
    assertThat(LocalSpark.session().sql("SELECT * FROM lake.db.vectors.snapshots").count())
        .isEqualTo(3);

    JobRun other = run("--mode", "incremental", "--output-type", "float", "--normalize", "l2");
    assertThat(other.exitCode()).isEqualTo(ExitCode.BAD_USAGE);
    assertThat(other.err()).contains("normalize 'none', the new one 'l2'");
  }

  @Test
  void whatACatalogCannotDoIsSaid() throws IOException {
    texts.put(1, "one");
    JobRun run = run("--mode", "append", "--output-type", "float");
    assertThat(run.error()).contains("incremental only");
    restart();
    assertThat(run("--mode", "incremental").error()).contains("--output-type float");
    System.clearProperty("spark.sql.extensions");
    LocalSpark.session().stop();
    assertThat(run("--mode", "incremental", "--output-type", "float").error())
        .contains("IcebergSparkSessionExtensions");
  }
}
