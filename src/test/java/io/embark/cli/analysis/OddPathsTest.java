package io.embark.cli.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import io.embark.analysis.cluster.ClusterModel;
import io.embark.cli.JobRun;
import io.embark.post.LinearVectorModel;
import io.embark.table.Embark;
import io.embark.testing.LocalSpark;
import io.embark.testing.TinyModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.sql.Encoders;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Paths of characters that mean something to Hadoop, Spark or a shell, wherever a command takes one
 * path. Beside each lies a folder that it would match as a pattern, with other rows.
 */
@Timeout(300)
class OddPathsTest {
  private static final List<String> MATCHED = List.of("o1", "oa", "ob", "ox", "o");

  @TempDir Path directory;
  private Path model;
  private Path input;

  @BeforeEach
  void write() throws IOException {
    model = TinyModels.graph().hiddenSize(4).writeDirectory(directory.resolve("tiny"));
    input = directory.resolve("in.jsonl");
    texts("one", "two", "three", "four", "five", "six", "seven", "eight");
    JobRun.embed("--model", model, "--input", input, "--output", directory.resolve("decoy"))
        .assertDone();
    for (String name : MATCHED) {
      Files.createDirectories(directory.resolve(name));
      try (Stream<Path> files = Files.list(directory.resolve("decoy"))) {
        for (Path file : files.filter(f -> f.toString().endsWith(".parquet")).toList()) {
          Files.copy(file, directory.resolve(name).resolve(file.getFileName()));
        }
      }
    }
  }

  private void texts(String... texts) throws IOException {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < texts.length; i++) {
      lines.add("{\"id\": %d, \"text\": \"%s\"}".formatted(i, texts[i]));
    }
    Files.write(input, lines);
  }

  @ParameterizedTest
  @ValueSource(strings = {"o[1]", "o{a,b}", "o*\\x?", "o,a %20#:a", "o:a[1]"})
  void arePathsLikeOthers(String name) throws IOException {
    Path parent = directory.resolve(name);
    Path table = parent.resolve(name);
    String[] embed = {"--model", model.toString(), "--input", input.toString()};
    List<Object> shared = new ArrayList<>(List.of(embed));
    shared.addAll(List.of("--output", table, "--max-lost-tokens", "90%"));
    texts("red", "green", "blue", "white", "black", "grey", "pink", "cyan");
    String[] post = {"--post", "all-but-the-top:1"};
    JobRun first =
        JobRun.of(
            Stream.of("embed", shared, "--device", "cpu", "--preview", 2, post[0], post[1])
                .flatMap(f -> f instanceof List<?> l ? l.stream() : Stream.of(f))
                .map(Object::toString)
                .toArray(String[]::new));
    assertThat(first.assertDone().out()).contains("First rows");
    JobRun.embed(shared, "--mode", "append", "--partitions", 2, post[0], post[1]).assertDone();
    assertThat(rows(table)).hasSize(16).contains("red").doesNotContain("one");
    JobRun.embed(shared, "--mode", "overwrite", post[0], post[1]).assertDone();

    texts("red", "teal", "blue", "white", "black", "grey", "pink");
    JobRun incremental =
        JobRun.embed(
            shared, "--mode", "incremental", "--id-col", "id", "--sync-deletes", post[0], post[1]);
    assertThat(incremental.assertDone().out()).contains("1 changed", "1 gone", "6 as they were");
    assertThat(rows(table))
        .containsExactlyInAnyOrder("red", "teal", "blue", "white", "black", "grey", "pink");

    Path other = parent.resolve("other");
    JobRun.embed("--model", model, "--input", input, "--output", other, "--post", table)
        .assertDone();
    Path map = maps(table);
    LocalSpark.session();
    assertThat(LinearVectorModel.load(map.toString()).fingerprint())
        .isEqualTo(LinearVectorModel.load(maps(other).toString()).fingerprint());

    JobRun inspected = JobRun.of("inspect", table.toString());
    assertThat(inspected.assertDone().out()).contains("7 rows");
    if (!List.of("o[1]", "o*\\x?").contains(name)) {
      // Each of the commands below starts Spark anew; they share how they take paths.
      return;
    }
    for (String format : List.of("parquet", "json")) {
      Path hits = parent.resolve("hits-" + format);
      String[] flags = {"--output", hits.toString(), "--output-format", format, "--top", "1"};
      JobRun searched =
          JobRun.of(
              Stream.concat(
                      Stream.of("search", "--input", table.toString(), "--query", "teal"),
                      Stream.of(flags))
                  .toArray(String[]::new));
      assertThat(searched.assertDone().out()).contains("1.0000  1  \"teal\"");
    }
    Path clusters = parent.resolve("clusters");
    JobRun.of("cluster", "--input", table.toString(), "--output", clusters.toString(), "--k", "2")
        .assertDone();
    assertThat(clusters.resolve("cluster.html")).exists();
    Path stage = stage(clusters.resolve("model/stages"));
    if (!name.contains(":")) {
      LocalSpark.session();
      // MLlib's own model inside is read by MLlib.
      assertThat(ClusterModel.load(stage.toString()).clusters()).isEqualTo(2);
    }

    Path plain = parent.resolve("plain");
    JobRun.embed("--model", model, "--input", input, "--output", plain).assertDone();
    assertThat(JobRun.of("vector-diff", plain.toString(), plain.toString()).assertDone().out())
        .contains("alike: 7 rows");
    Path compared = parent.resolve("compared");
    compare(compared).assertDone();
    assertThat(compared.resolve("compare.html")).exists();
  }

  private JobRun compare(Path output) throws IOException {
    Path many = directory.resolve("many.jsonl");
    Files.write(
        many,
        IntStream.range(0, 40)
            .mapToObj(i -> "{\"text\": \"text number %d\"}".formatted(i))
            .toList());
    return JobRun.of(
        "compare",
        "--device",
        "cpu",
        "--model",
        model.toString(),
        "--input",
        many.toString(),
        "--output",
        output.toString(),
        "--pooling",
        "mean,cls",
        "--clusters",
        "2");
  }

  private static List<String> rows(Path table) {
    return Embark.read(LocalSpark.session(), table.toString())
        .select("text")
        .as(Encoders.STRING())
        .collectAsList();
  }

  private static Path maps(Path table) throws IOException {
    return stage(table.resolve("_embark/post"));
  }

  /** The only folder in one. */
  private static Path stage(Path folder) throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      List<Path> found = all.filter(Files::isDirectory).toList();
      assertThat(found).hasSize(1);
      return found.get(0);
    }
  }
}
