package io.embark.cli.embed;

import static org.assertj.core.api.Assertions.assertThat;

import io.embark.cli.JobRun;
import io.embark.testing.LocalSpark;
import io.embark.testing.TinyModels;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Incremental runs over inputs with maps, whose text form tells nothing. */
class MapColumnsTest {
  @TempDir Path directory;

  private JobRun run(String maps) throws IOException {
    Path input = directory.resolve("input");
    LocalSpark.session()
        .range(20)
        .selectExpr("id", "concat('text ', id) AS text", maps)
        .coalesce(1)
        .write()
        .mode("overwrite")
        .parquet(input.toString());
    List<Object> flags =
        List.of("--model", directory.resolve("tiny"), "--input", input, "--id-col", "id");
    return JobRun.embed(flags, "--output", directory.resolve("out"), "--mode", "incremental")
        .assertDone();
  }

  @Test
  void mapsWithAnyKeysAreComparedByContent() throws IOException {
    TinyModels.graph().hiddenSize(4).writeDirectory(directory.resolve("tiny"));
    String maps =
        "struct(map(X'00ff', %s, X'01', %s) AS b, array(map(struct(1, 'x'), id)) AS s) AS m";
    run(maps.formatted("id", "id + 1"));
    assertThat(run(maps.formatted("id", "id + 1")).out()).contains("Nothing to do");
    String turned =
        "struct(map(X'01', %s, X'00ff', %s) AS b, array(map(struct(1, 'x'), id)) AS s) AS m";
    assertThat(run(turned.formatted("id + 1", "id")).out()).contains("Nothing to do");
    assertThat(run(turned.formatted("id + 1", "if(id = 3, null, id)")).out())
        .contains("0 changed, 1 with the same text but other columns changed");
  }
}
