package io.embark.cli.embed;

import static org.assertj.core.api.Assertions.assertThat;

import io.embark.cli.JobRun;
import io.embark.testing.TinyModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Outputs that hold what a run reads, by another name. */
@Timeout(180)
class LinkedOutputTest {
  @TempDir Path directory;
  private Path data;
  private Path model;

  @BeforeEach
  void write() throws IOException {
    data = Files.createDirectories(directory.resolve("data/sub"));
    model = TinyModels.graph().hiddenSize(4).writeDirectory(directory.resolve("tiny"));
    Files.write(
        data.resolve("in.jsonl"),
        IntStream.range(0, 40)
            .mapToObj(i -> "{\"id\": %d, \"text\": \"text %d\"}".formatted(i, i))
            .toList());
    Files.createSymbolicLink(directory.resolve("link"), directory.resolve("data"));
    Files.createSymbolicLink(directory.resolve("file.jsonl"), data.resolve("in.jsonl"));
    Files.createSymbolicLink(data.resolve("up"), directory.resolve("data"));
  }

  @ParameterizedTest
  @CsvSource({
    "data/sub/in.jsonl, data",
    "data/sub/in.jsonl, link",
    "data/sub/in.jsonl, link/sub/",
    "data/sub/in.jsonl, tiny/../link/sub",
    "data/sub/in.jsonl, data/sub/up",
    "link/sub/in.jsonl, data",
    "link/sub/*.jsonl, data",
    "file.jsonl, data/sub",
    "file.jsonl, link",
    "data/sub/up/sub/in.jsonl, link/sub",
  })
  void areRefusedAndTheInputStays(String input, String output) {
    JobRun run =
        JobRun.embed(
            "--model",
            model,
            "--input",
            directory + "/" + input,
            "--output",
            directory + "/" + output,
            "--mode",
            "overwrite");
    run.assertRefused("output:", "holds the input", ".jsonl");
    assertThat(data.resolve("in.jsonl")).exists();
  }

  @Test
  void whatOnlyLooksAlikeIsWrittenTo() {
    JobRun.embed(
            "--model",
            model,
            "--input",
            directory.resolve("link/sub/in.jsonl"),
            "--output",
            directory.resolve("link-too"))
        .assertDone();
  }

  @Test
  void modelsAndMapsThatOverwritingWouldDeleteAreRefusedToo() throws IOException {
    Path output = directory.resolve("out");
    Path inside = TinyModels.graph().hiddenSize(4).writeDirectory(output.resolve("tiny"));
    Files.createSymbolicLink(directory.resolve("model"), inside);
    List<Object> flags =
        List.of("--input", data.resolve("in.jsonl"), "--output", output, "--mode", "overwrite");
    for (Path named : List.of(inside, directory.resolve("model"))) {
      JobRun.embed(flags, "--model", named).assertRefused("output:", "holds the model");
    }
    assertThat(inside.resolve("tokenizer.json")).exists();

    Path maps = directory.resolve("maps");
    JobRun.embed(
            "--model",
            model,
            "--input",
            data.resolve("in.jsonl"),
            "--output",
            maps,
            "--post",
            "centering")
        .assertDone();
    List<Object> again =
        List.of("--model", model, "--input", data.resolve("in.jsonl"), "--mode", "overwrite");
    // The table's own map stays with it; a table inside an output does not.
    JobRun.embed(again, "--output", maps, "--post", maps).assertDone();
    Path outer = Files.createDirectories(directory.resolve("outer"));
    Files.move(maps, outer.resolve("maps"));
    JobRun.embed(again, "--output", outer, "--post", outer.resolve("maps"))
        .assertRefused("output:", "holds the post");
    assertThat(outer.resolve("maps/_SUCCESS")).exists();
  }

  @Test
  void tablesQueriesAndTextsOfOtherCommandsToo() throws IOException {
    Path table = directory.resolve("table");
    JobRun.embed("--model", model, "--input", data.resolve("in.jsonl"), "--output", table)
        .assertDone();
    Path link = Files.createSymbolicLink(directory.resolve("table-link"), table);
    String there = table.toString();
    for (String output : List.of(link.toString(), link + "/below")) {
      JobRun.of("cluster", "--input", there, "--output", output, "--mode", "overwrite")
          .assertRefused("output:", "lie in each other");
      JobRun.of(
              "search", "--input", there, "--query", "a", "--output", output, "--mode", "overwrite")
          .assertRefused("output:", "lie in each other");
    }
    JobRun.of(
            "search",
            "--input",
            there,
            "--queries",
            data.resolve("in.jsonl").toString(),
            "--query-col",
            "text",
            "--output",
            directory.resolve("link").toString(),
            "--mode",
            "overwrite")
        .assertRefused("output:", "holds the input");
    assertThat(data.resolve("in.jsonl")).exists();

    // A comparison replaces its two reports, and nothing else in its output.
    Path texts = Files.copy(data.resolve("in.jsonl"), data.resolve("compare.json"));
    JobRun.of(
            "compare",
            "--model",
            model.toString(),
            "--device",
            "cpu",
            "--input",
            texts.toString(),
            "--output",
            directory.resolve("link/sub").toString())
        .assertRefused("output:", "holds the input");
    assertThat(texts).hasSameTextualContentAs(data.resolve("in.jsonl"));
  }
}
