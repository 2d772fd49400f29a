package io.embark.cli.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.embark.cli.ExitCode;
import io.embark.cli.JobRun;
import io.embark.testing.TinyModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Whole runs of {@code compare} with a model that costs nothing. */
@Timeout(300)
class CompareCommandTest {
  private static final String[] WORDS = "bank card lost new money account transfer fee".split(" ");

  @TempDir static Path models;
  @TempDir Path directory;
  private static Path model;
  private Path pairs;
  private Path texts;

  @BeforeAll
  static void writeModel() {
    model = TinyModels.graph().hiddenSize(4).writeDirectory(models.resolve("tiny"));
  }

  @BeforeEach
  void writeInput() throws IOException {
    Random random = new Random(5);
    StringBuilder tsv = new StringBuilder("id\tsentence1\tsentence2\tscore\n");
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < 40; i++) {
      String first = words(random, i);
      String second = i == 7 ? " " : words(random, i + 1);
      tsv.append(i).append('\t').append(first).append('\t').append(second).append('\t');
      tsv.append(random.nextInt(6)).append('\n');
      lines.append(
          "{\"text\": \"%s <b>\", \"label\": %s}\n"
              .formatted(first, i == 3 ? "null" : "\"" + WORDS[i % 2] + "\""));
    }
    pairs = directory.resolve("pairs.tsv");
    texts = directory.resolve("texts.jsonl");
    Files.writeString(pairs, tsv);
    Files.writeString(texts, lines);
  }

  /** Different texts, the first word telling the label. */
  private static String words(Random random, int i) {
    return WORDS[i % 2] + " " + WORDS[random.nextInt(8)] + " " + WORDS[random.nextInt(8)] + " " + i;
  }

  private JobRun compare(Object... flags) {
    List<String> args =
        new ArrayList<>(
            List.of(
                "compare",
                "--device",
                "cpu",
                "--model",
                model.toString(),
                "--seeds",
                "2",
                "--output",
                directory.resolve("out").toString()));
    Arrays.stream(flags).map(Object::toString).forEach(args::add);
    return JobRun.of(args.toArray(String[]::new));
  }

  private JsonNode json() throws IOException {
    return new ObjectMapper().readTree(directory.resolve("out/compare.json").toFile());
  }

  private static JsonNode measure(JsonNode json, String name) {
    for (JsonNode measure : json.get("measures")) {
      if (measure.get("measure").asText().equals(name)) {
        return measure;
      }
    }
    throw new AssertionError("no " + name + " in " + json.get("measures"));
  }

  @Test
  void pairsRankEveryPoolingOfTheModel() throws IOException {
    JobRun run = compare("--pairs", pairs, "--clusters", 3);
    assertThat(run.exitCode()).as(run.err()).isZero();
    JsonNode json = json();
    assertThat(json.get("schema").asInt()).isEqualTo(1);
    assertThat(json.get("pairs").asInt()).isEqualTo(39);
    assertThat(json.get("own").asText()).isEqualTo("mean");
    assertThat(json.get("notes").toString())
        .contains("1 of 40 pairs left out: a text is null, blank or failed");
    JsonNode spearman = measure(json, "spearman_cosine");
    assertThat(spearman.get("vectors")).hasSize(7);
    JsonNode best = spearman.get("vectors").get(0);
    assertThat(best.get("toBest").asDouble()).isZero();
    assertThat(best.get("interval")).hasSize(2);
    assertThat(best.get("interval").get(0).asDouble())
        .isLessThanOrEqualTo(best.get("value").asDouble());
    assertThat(measure(json, "effective_rank").get("ranked").asBoolean()).isFalse();
    assertThat(json.get("neighbourAgreement")).hasSize(21);
    assertThat(json.get("recommendation").get("sentence").asText()).startsWith("Use ");
    assertThat(run.out())
        .contains("Spearman of cosine x100, 95 % intervals by bootstrap", "mean *", "best")
        .contains(json.get("recommendation").get("sentence").asText());
    assertThat(run.out().lines().filter(l -> !l.startsWith("Use ") && !l.startsWith("Comparing")))
        .allMatch(line -> line.length() <= 120);
    assertThat(directory.resolve("out/compare.html")).isNotEmptyFile();
    try (Stream<Path> left = Files.list(directory.resolve("out"))) {
      assertThat(left.map(p -> p.getFileName().toString()))
          .noneMatch(name -> name.startsWith("_compare"));
    }
  }

  /** Of 40 pairs one has another score; of all resamples 36 % do without it. */
  @Test
  void rareScoresTellNothingApart() throws IOException {
    List<String> lines = new ArrayList<>(Files.readAllLines(pairs));
    for (int i = 1; i < lines.size(); i++) {
      lines.set(i, lines.get(i).replaceFirst("\t\\d$", i == 5 ? "\t1" : "\t0"));
    }
    Files.write(pairs, lines);
    JobRun run = compare("--pairs", pairs, "--pooling", "mean,cls,max", "--clusters", 3);
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(json().get("notes").toString())
        .contains("of 1000 resamples", "too many for an interval");
    for (JsonNode vector : measure(json(), "spearman_cosine").get("vectors")) {
      assertThat(vector.get("worseBeyondNoise").asBoolean()).isFalse();
      assertThat(vector.has("interval")).isFalse();
    }
    assertThat(json().get("recommendation").get("sentence").asText())
        .startsWith("Use mean, as the model itself does");
  }

  @Test
  void labelsRankByAProbe() throws IOException {
    JobRun run =
        compare("--input", texts, "--label-col", "label", "--pooling", "mean,cls", "--clusters", 2);
    assertThat(run.exitCode()).as(run.err()).isZero();
    JsonNode json = json();
    assertThat(json.get("labels").asInt()).isEqualTo(2);
    assertThat(json.get("labelledRows").asInt()).isEqualTo(39);
    assertThat(json.get("notes").toString()).contains("1 of 40 rows have no label");
    for (String name : new String[] {"probe_accuracy", "few_shot_macro_f1", "v_measure"}) {
      assertThat(measure(json, name).get("vectors")).hasSize(2);
    }
    assertThat(run.out()).contains("probe accuracy x100, 95 % intervals by random splits");
    String page = Files.readString(directory.resolve("out/compare.html"));
    assertThat(page).contains("&lt;b&gt;").doesNotContain("<b>");
  }

  @Test
  void plainTextsAreDescribedAndLayersCompared() throws IOException {
    JobRun run = compare("--input", texts, "--pooling", "mean,cls", "--clusters", 2);
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.out())
        .contains("Nothing here says which is better", "stay with mean", "hubness");
    assertThat(json().get("recommendation").get("vector").asText()).isEqualTo("mean");
    assertThat(measure(json(), "hubness").has("spread")).isTrue();
  }

  /** Of variants alone, none is what the model itself does. */
  @Test
  void plainTextsAreDescribedInVariantsAlone() throws IOException {
    JobRun run =
        compare("--input", texts, "--pooling", "mean,cls", "--clusters", 2, "--post", "centering");
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(json().get("own").isNull()).isTrue();
    assertThat(json().get("recommendation").get("vector").isNull()).isTrue();
    assertThat(json().get("recommendation").get("sentence").asText())
        .contains("what the model itself does is not among the vectors compared")
        .doesNotContain("mean is what");
    assertThat(measure(json(), "hubness").get("vectors")).hasSize(2);
    assertThat(Files.readString(directory.resolve("out/compare.html")))
        .contains("Where neighbours differ");
  }

  @Test
  void fieldsAreTextsToo() throws IOException {
    String lines =
        Files.readString(texts)
            .replaceAll("\\{\"text\": (\"[^\"]*\"),", "{\"body\": {\"text\": $1},");
    Files.writeString(texts, lines);
    compare("--input", texts, "--text-col", "body.text", "--clusters", 2).assertDone();
    compare("--input", texts, "--text-col", "body.none").assertRefused("no column 'body.none'");
  }

  /** As doubles, the labels would be one, and so would the texts. */
  @Test
  void labelsKeepTheirDigits() throws IOException {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < 40; i++) {
      lines.append(
          "{\"text\": \"%s\", \"label\": 1.1%s}\n"
              .formatted(WORDS[i % 2] + i, i % 2 == 0 ? "0" : ""));
    }
    Files.writeString(texts, lines);
    compare("--input", texts, "--label-col", "label", "--clusters", 2).assertDone();
    assertThat(json().get("labels").asInt()).isEqualTo(2);
  }

  @Test
  void textsOfPairsKeepTheirDigits() throws IOException {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < 10; i++) {
      lines.append(
          "{\"sentence1\": %d.1%s, \"sentence2\": %d, \"score\": %d}\n"
              .formatted(i / 2, i % 2 == 0 ? "0" : "", i, i));
    }
    Path numbers = Files.writeString(directory.resolve("numbers.jsonl"), lines);
    compare("--pairs", numbers, "--clusters", 2).assertDone();
    // 1.10 and 1.1 are different texts.
    assertThat(json().get("rows").asInt()).isEqualTo(20);
  }

  @Test
  void whatIsWrongIsSaidBeforeTheWork() {
    assertRefused(
        compare("--pairs", pairs, "--score-col", "mark"), "no column 'mark'", "score-col");
    assertRefused(compare("--pairs", pairs, "--score-col", "sentence1"), "40 of 40 pairs");
    assertRefused(compare("--pairs", pairs, "--text-b", "other"), "text-b", "no column 'other'");
    assertRefused(compare("--pairs", pairs, "--label-col", "label"), "pairs have no labels");
    assertRefused(compare("--input", texts, "--label-col", "intent"), "no column 'intent'");
    assertRefused(compare("--input", texts, "--concat"), "leave nothing to compare");
    assertRefused(compare("--clusters", "1"), "'1'", "from 2 to");
    JobRun directions =
        compare("--input", texts, "--pooling", "mean", "--post", "none,all-but-the-top:400");
    assertRefused(directions, "found all-but-the-top:400, but vectors have 4 values");
    assertThat(directions.out()).doesNotContain("Comparing");
    assertThat(directory.resolve("out/compare.json")).doesNotExist();
  }

  private static void assertRefused(JobRun run, String... messages) {
    assertThat(run.exitCode()).as(run.out() + run.err()).isEqualTo(ExitCode.BAD_USAGE);
    assertThat(run.err()).contains(messages);
  }
}
