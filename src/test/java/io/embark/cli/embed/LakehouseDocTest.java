package io.embark.cli.embed;

import static org.assertj.core.api.Assertions.assertThat;

import io.embark.testing.LocalSpark;
import io.embark.testing.TinyModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Every command and statement of {@code docs/lakehouse.md}, in its order. */
@Timeout(300)
class LakehouseDocTest {
  private static final Path DOC = Path.of("docs/lakehouse.md");

  @TempDir Path directory;
  private final Map<String, String> properties = new TreeMap<>();

  /** A fenced block: its language and what it says. */
  private record Block(String language, String text) {
    /** The words of a command, without its program. */
    List<String> words() {
      List<String> words = List.of(text.replace("\\\n", " ").strip().split("\\s+"));
      assertThat(words.get(0)).isEqualTo("jobs/embed.sh");
      return words.subList(1, words.size());
    }

    List<String> flags() {
      return words().subList(0, words().indexOf("--spark"));
    }

    List<String> sparkFlags() {
      return words().subList(words().indexOf("--spark") + 1, words().size());
    }
  }

  private List<Block> blocks() throws IOException {
    String page =
        Files.readString(DOC)
            .replace("/data/articles", directory.resolve("articles").toString())
            .replace("/data/lake", directory.resolve("lake").toString());
    return Pattern.compile("(?ms)^```(\\w+)\\n(.*?)^```$")
        .matcher(page)
        .results()
        .map(found -> new Block(found.group(1), found.group(2)))
        .toList();
  }

  @AfterEach
  void away() {
    LocalSpark.session().stop();
    properties.keySet().forEach(System::clearProperty);
  }

  /** Starts a session with what a command gives to Spark. */
  private SparkSession session(Block command) throws IOException {
    List<String> flags = command.sparkFlags();
    assertThat(flags.subList(0, 2))
        .containsExactly(
            "--packages", "org.apache.iceberg:iceberg-spark-runtime-3.5_2.12:" + icebergVersion());
    for (int i = 2; i < flags.size(); i += 2) {
      assertThat(flags.get(i)).isEqualTo("--conf");
      String[] property = flags.get(i + 1).split("=", 2);
      properties.put(property[0], property[1]);
    }
    LocalSpark.session().stop();
    properties.forEach(System::setProperty);
    return LocalSpark.session();
  }

  private static String icebergVersion() throws IOException {
    return Files.readString(Path.of("pom.xml"))
        .replaceAll("(?s).*<iceberg.version>(.*?)</iceberg.version>.*", "$1");
  }

  private void articles(int count, String more) throws IOException {
    StringBuilder lines = new StringBuilder();
    for (int id = 1; id <= count; id++) {
      lines.append("{\"id\": %d%s, \"body\": \"article %d\"}%n".formatted(id, more, id));
    }
    Path folder = Files.createDirectories(directory.resolve("articles"));
    Files.writeString(folder.resolve("day.jsonl"), lines);
  }

  private String embed(SparkSession spark, Block command) throws Exception {
    List<String> flags = new ArrayList<>(command.flags());
    flags.addAll(List.of("--model", directory.resolve("tiny").toString(), "--pooling", "mean"));
    return EmbedJob.run(spark, flags);
  }

  @Test
  void everyCommandDoesWhatThePageSays() throws Exception {
    TinyModels.graph().hiddenSize(4).writeDirectory(directory.resolve("tiny"));
    List<Block> blocks = blocks();
    assertThat(blocks).extracting(Block::language).startsWith("bash", "sql", "sql", "bash");
    Block daily = blocks.get(0);
    Block evolving = blocks.get(3);
    assertThat(evolving.sparkFlags()).isEqualTo(daily.sparkFlags());
    SparkSession spark = session(daily);

    articles(9, "");
    assertThat(embed(spark, daily)).contains("9 new");
    List<Row> read = spark.sql(blocks.get(1).text()).collectAsList();
    assertThat(read).hasSize(9).allMatch(row -> row.<Integer>getAs("dimension") == 4);
    spark.sql(blocks.get(2).text());
    assertThat(embed(spark, daily)).as("a row that the input still has").contains("1 new");

    articles(9, ", \"author\": \"me\"");
    assertThat(embed(spark, evolving)).contains("0 new, 0 changed, 9 with the same text");

    articles(8, "");
    for (Block statement : blocks.subList(4, blocks.size())) {
      assertThat(statement.language()).isEqualTo("sql");
      spark.sql(statement.text()).collectAsList();
    }
    assertThat(embed(spark, daily)).contains("0 new, 0 changed, 0 with the same text", "1 gone");
    assertThat(spark.sql("SELECT * FROM lake.texts.vectors").columns())
        .contains("reviewed")
        .doesNotContain("author");
    assertThat(spark.table("lake.texts.vectors").count()).isEqualTo(8);
  }
}
