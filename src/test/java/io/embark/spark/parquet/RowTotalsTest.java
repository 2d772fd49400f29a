package io.embark.spark.parquet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.embark.embed.ChunkMode;
import io.embark.embed.Status;
import io.embark.spark.TextEmbedder;
import io.embark.testing.LocalSpark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.execution.datasources.parquet.ParquetWriteSupport;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RowTotalsTest {
  private static final Configuration HADOOP = new Configuration();

  @TempDir Path dir;

  /** Each total is found once more, from the rows as anybody reads them. */
  @ParameterizedTest
  @EnumSource
  void totalsAreThoseOfTheRowsAsRead(ChunkMode chunk) throws IOException {
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      texts.add(
          switch (i % 5) {
            case 1 -> null;
            case 2 -> " \n";
            case 3 -> "a long text that needs several windows of tokens ".repeat(i);
            default -> "text number \u5b57 " + i;
          });
    }
    Dataset<Row> rows =
        new TextEmbedder()
            .setDevice("cpu")
            .setMaxLength(16)
            .setAccountPrefix("my_")
            .setChunk(chunk.label())
            .transform(LocalSpark.texts(2, texts))
            // As the job writes a row that the model failed on.
            .withColumn(
                "my_status",
                functions
                    .when(functions.col("id").equalTo(4), "FAILED: OK is what it is not")
                    .otherwise(functions.col("my_status")));
    String table = dir.resolve("table").toString();
    write(rows, chunk, "my_", table);

    RowTotals sum = RowTotals.NONE;
    for (FileStatus file : files(table)) {
      RowTotals totals = RowTotals.read(file, HADOOP);
      assertThat(totals).as("file").isEqualTo(expected(file.getPath().toString(), chunk));
      sum = sum.plus(totals);
    }
    assertThat(sum).as("table").isEqualTo(expected(table, chunk));
    assertThat(sum.documents()).isEqualTo(30);
    assertThat(sum.byStatus().get(Status.FAILED)).isPositive();
    // A chunk's row and a document's.
    int rowsOfOne = chunk == ChunkMode.BOTH ? 2 : 1;
    assertThat(sum.byStatus().get(Status.NULL_TEXT)).isEqualTo(6 * rowsOfOne);
    assertThat(sum.unknownMillionths()).isPositive();
    assertThat(sum.truncated() > 0).isEqualTo(chunk == ChunkMode.NONE);
  }

  private static boolean hasStatus(Row row, Status status) {
    String written = row.getAs("my_status");
    return written.equals(status.name()) || written.startsWith(status.name() + ": ");
  }

  private static RowTotals expected(String path, ChunkMode chunk) {
    List<Row> rows = LocalSpark.session().read().parquet(path).collectAsList();
    Predicate<Row> document =
        row ->
            switch (chunk) {
              case NONE, DOCUMENT -> true;
              case ROWS -> row.<Integer>getAs("my_chunk_index") == 0;
              case BOTH -> row.getAs("my_chunk_index") == null;
            };
    Map<Status, Long> byStatus = new EnumMap<>(Status.class);
    for (Status status : Status.values()) {
      byStatus.put(status, rows.stream().filter(row -> hasStatus(row, status)).count());
    }
    List<Row> once = chunk == ChunkMode.BOTH ? rows.stream().filter(document).toList() : rows;
    return new RowTotals(
        rows.size(),
        byStatus,
        rows.stream().filter(row -> row.getAs("my_truncated")).count(),
        rows.stream().filter(document).count(),
        once.stream().mapToLong(row -> row.<Integer>getAs("my_tokens_used")).sum(),
        once.stream().mapToLong(row -> row.<Integer>getAs("my_token_count")).sum(),
        rows.stream()
            .mapToLong(row -> Math.round(row.<Float>getAs("my_unknown_token_ratio") * 1e6))
            .sum());
  }

  @Test
  void filesWithoutRowsHaveTotalsToo() throws IOException {
    String table = dir.resolve("table").toString();
    Dataset<Row> none =
        new TextEmbedder().setDevice("cpu").transform(LocalSpark.texts(1, "a")).where("id < 0");
    write(none, ChunkMode.NONE, "", table);
    assertThat(files(table)).hasSize(1);
    assertThat(RowTotals.read(files(table).get(0), HADOOP)).isEqualTo(RowTotals.NONE);
  }

  @Test
  void aFileThatSaysNothingOfItsRowsIsRefused() throws IOException {
    String table = dir.resolve("table").toString();
    LocalSpark.texts(1, "a").coalesce(1).write().format(VectorParquetFormat.NAME).save(table);
    FileStatus file = files(table).get(0);
    assertThatThrownBy(() -> RowTotals.read(file, HADOOP))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(file.getPath().getName())
        .hasMessageContaining("no io.embark.totals in its footer")
        .hasMessageContaining("run again");
  }

  @Test
  void aFileOfOtherRowsThanItSaysIsRefused() throws IOException {
    Path file = dir.resolve("lost.parquet");
    StructType schema = new StructType().add("x", "int");
    ParquetWriteSupport oneTooFew =
        new ParquetWriteSupport() {
          @Override
          public FinalizedWriteContext finalizeWrite() {
            return new FinalizedWriteContext(
                Map.of(
                    RowTotals.KEY, new RowTotals(1, Map.of(Status.OK, 1L), 0, 1, 5, 5, 0).json()));
          }
        };
    try (ParquetWriter<InternalRow> writer =
        InternalRowWriter.to(file, schema, oneTooFew, Map.of()).build()) {
      writer.write(new GenericInternalRow(new Object[] {1}));
      writer.write(new GenericInternalRow(new Object[] {2}));
    }
    assertThatThrownBy(() -> RowTotals.read(files(dir.toString()).get(0), HADOOP))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("holds 2 rows, and 1 were counted");
  }

  private static void write(Dataset<Row> rows, ChunkMode chunk, String prefix, String table) {
    rows.write()
        .options(RowCounter.options(chunk, prefix))
        .format(VectorParquetFormat.NAME)
        .save(table);
  }

  private static List<FileStatus> files(String table) throws IOException {
    List<FileStatus> found = new ArrayList<>();
    try (Stream<Path> files = Files.list(Path.of(table))) {
      for (Path file : files.filter(f -> f.toString().endsWith(".parquet")).toList()) {
        var path = new org.apache.hadoop.fs.Path(file.toUri());
        found.add(path.getFileSystem(HADOOP).getFileStatus(path));
      }
    }
    return found;
  }
}
