package io.embark.cli.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The scripts for what comes after embedding, as a user runs them from the distribution: one table,
 * with a map behind the model, is searched and clustered, and poolings are compared on its texts.
 */
class AfterEmbedIT {
  private static final String[][] TOPICS = {
    {
      "The cat sleeps on the sofa", "A kitten chases a ball of wool", "My cat will not eat its food"
    },
    {"The stock market fell today", "Shares lost a tenth of their value", "Investors sell bonds"},
    {"Bake the bread for an hour", "Knead the dough and let it rise", "Mix flour, water and yeast"}
  };

  @TempDir Path directory;

  private String run(String script, Object... flags) throws Exception {
    Path log = directory.resolve(script + ".log");
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("embark.dist"), "jobs", script).toString());
    for (Object flag : flags) {
      command.add(flag.toString());
    }
    command.addAll(List.of("--spark", "--master", "local[2]"));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().remove("SPARK_HOME");
    Process process = builder.redirectOutput(log.toFile()).start();
    try {
      assertThat(process.waitFor(200, TimeUnit.SECONDS)).as(script + " ends").isTrue();
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
    String said = Files.readString(log);
    assertThat(process.exitValue()).as(said).isZero();
    return said;
  }

  private Path texts() throws IOException {
    StringBuilder lines = new StringBuilder("text\tlabel\n");
    for (int i = 0; i < 90; i++) {
      String text = TOPICS[i % 3][i / 3 % 3];
      lines.append("%s, number %d\ttopic%d\n".formatted(text, i, i % 3));
    }
    return Files.writeString(directory.resolve("texts.tsv"), lines);
  }

  @Test
  @Timeout(600)
  void searchClusterAndCompareRun() throws Exception {
    Path texts = texts();
    Path table = directory.resolve("table");
    assertThat(run("embed.sh", "--input", texts, "--output", table, "--post", "centering"))
        .contains("90");

    String found = run("search.sh", "--input", table, "--query", "a hungry cat", "--top", "1");
    assertThat(found).contains("then centering").contains("cat will not eat");

    Path clusters = directory.resolve("clusters");
    String grouped =
        run(
            "cluster.sh",
            "--input",
            table,
            "--output",
            clusters,
            "--k",
            "3",
            "--label-col",
            "label");
    assertThat(grouped).contains("V-measure 1.0000");
    assertThat(clusters.resolve("cluster.html")).isNotEmptyFile();
    assertThat(clusters.resolve("model/metadata")).isDirectory();

    Path compared = directory.resolve("compared");
    String ranked =
        run(
            "compare.sh",
            "--input",
            texts,
            "--label-col",
            "label",
            "--pooling",
            "mean,cls",
            "--post",
            "none,centering",
            "--seeds",
            "2",
            "--output",
            compared);
    assertThat(ranked).contains("mean+centering", "cls+centering", "probe accuracy");
    assertThat(compared.resolve("compare.html")).isNotEmptyFile();
    assertThat(compared.resolve("compare.json")).isNotEmptyFile();
  }
}
