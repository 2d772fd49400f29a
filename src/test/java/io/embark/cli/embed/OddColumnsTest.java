package io.embark.cli.embed;

import static org.assertj.core.api.Assertions.assertThat;

import io.embark.cli.JobRun;
import io.embark.spark.column.Columns;
import io.embark.testing.LocalSpark;
import io.embark.testing.TinyModels;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Dots and backticks in the names of columns, from an embed job to a search. */
@Timeout(180)
class OddColumnsTest {
  private static final String ID = "i.`d";
  private static final String TEXT = "te`x.t";
  private static final String VECTOR = "v.`";
  private static final String PREFIX = "a`.";

  @TempDir Path directory;
  private Path model;

  @BeforeEach
  void write() {
    model = TinyModels.graph().hiddenSize(4).writeDirectory(directory.resolve("tiny"));
  }

  private JobRun embed(String... flags) {
    Stream<String> all =
        Stream.of(
            "embed",
            "--device",
            "cpu",
            "--model",
            model.toString(),
            "--input",
            directory.resolve("in").toString(),
            "--output",
            directory.resolve("out").toString(),
            "--id-col",
            ID,
            "--text-col",
            TEXT,
            "--output-col",
            VECTOR,
            "--account-prefix",
            PREFIX);
    return JobRun.of(Stream.concat(all, Stream.of(flags)).toArray(String[]::new));
  }

  private void input(String... texts) {
    StructType schema =
        new StructType().add(ID, DataTypes.StringType).add(TEXT, DataTypes.StringType);
    List<Row> rows = Stream.of(texts).map(text -> RowFactory.create("of " + text, text)).toList();
    LocalSpark.session()
        .createDataFrame(rows, schema)
        .write()
        .mode("overwrite")
        .parquet(directory.resolve("in").toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"float", "int8"})
  void areNamesLikeOthers(String type) {
    input("one", "two", "three", "four", "five");
    JobRun first = embed("--mode", "incremental", "--output-type", type);
    assertThat(first.exitCode()).as(first.err()).isZero();
    input("one", "two", "three", "four", "six");
    JobRun second = embed("--mode", "incremental", "--output-type", type, "--sync-deletes");
    assertThat(second.exitCode()).as(second.err()).isZero();
    Dataset<Row> rows = LocalSpark.session().read().parquet(directory.resolve("out").toString());
    assertThat(rows.where(Columns.of(rows, VECTOR).isNotNull()).count()).isEqualTo(5);
    assertThat(rows.select(Columns.of(TEXT)).as(Encoders.STRING()).collectAsList())
        .containsExactlyInAnyOrder("one", "two", "three", "four", "six");

    JobRun search =
        JobRun.of(
            "search",
            "--input",
            directory.resolve("out").toString(),
            "--query",
            "six",
            "--id-col",
            ID,
            "--text-col",
            TEXT,
            "--vector-col",
            VECTOR);
    assertThat(search.exitCode()).as(search.err()).isZero();
    assertThat(search.out()).contains("of six");
  }

  @Test
  void alsoWhereTextsAreEmbeddedOnceAndMapped() {
    input("one", "two", "three", "four", "five", "six", "seven", "eight");
    JobRun run =
        embed("--dedupe", "global", "--post", "all-but-the-top:1", "--max-lost-tokens", "50%");
    assertThat(run.exitCode()).as(run.err()).isZero();
  }
}
