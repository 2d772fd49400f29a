package io.embark.cli.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.embark.cli.JobRun;
import io.embark.testing.LocalSpark;
import io.embark.testing.kinds.ModelKinds;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Model directories as users have them, through the command line, read back from Parquet. */
@Timeout(300)
class ModelKindsJobTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path directory;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "mod.labse.bert_uncased.new",
        "mod.distiluse.bert_uncased.old22",
        "base.qwen3.new"
      })
  void vectorsEqualTheReference(String name) throws Exception {
    ModelKinds kind = ModelKinds.of(name);
    Path model = kind.write(directory.resolve("model"));
    List<Integer> shown =
        IntStream.range(0, kind.texts().size())
            .filter(i -> !kind.texts().get(i).isBlank())
            .boxed()
            .toList();
    List<String> lines = new ArrayList<>();
    for (int i : shown) {
      lines.add(JSON.writeValueAsString(Map.of("id", i, "text", kind.texts().get(i))));
    }
    Path input = Files.write(directory.resolve("texts.jsonl"), lines);
    Path output = directory.resolve("out");
    JobRun run = JobRun.embed("--input", input, "--output", output, "--model", model);
    assertThat(run.exitCode()).as(run.err()).isZero();
    Map<Long, Row> rows =
        LocalSpark.session().read().parquet(output.toString()).collectAsList().stream()
            .collect(Collectors.toMap(row -> row.<Long>getAs("id"), row -> row));
    assertThat(rows).hasSize(shown.size());
    for (int i : shown) {
      double[] found = rows.get((long) i).<Vector>getAs("embedding").toArray();
      float[] wanted = kind.vectors()[i];
      assertThat(found).as(kind.texts().get(i)).hasSize(wanted.length);
      for (int d = 0; d < wanted.length; d++) {
        assertThat(found[d]).isCloseTo(wanted[d], within((double) ModelKinds.TOLERANCE));
      }
    }
  }
}
