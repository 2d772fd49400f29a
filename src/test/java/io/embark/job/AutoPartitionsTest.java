package io.embark.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.embark.embed.EmbedderConfig;
import io.embark.onnx.Device;
import io.embark.spark.LocalSpark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.MetadataBuilder;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AutoPartitionsTest {
  private static final int MAX_LENGTH = 256;
  private static final EmbedderConfig CONFIG =
      EmbedderConfig.builder().device(Device.CPU).maxLength(MAX_LENGTH).build();

  @TempDir Path directory;

  /** Long texts behind short ones in one file that is not split, and one row of a megabyte. */
  private Dataset<Row> skewed() throws IOException {
    StringBuilder big = new StringBuilder();
    for (int i = 0; i < 6_000; i++) {
      String text = i == 3_000 ? "x ".repeat(500_000) : "word ".repeat(i < 5_000 ? 10 : 150);
      big.append("{\"id\": %d, \"text\": \"%s\"}\n".formatted(i, text));
    }
    Files.writeString(directory.resolve("a.jsonl"), big);
    for (int f = 0; f < 3; f++) {
      StringBuilder small = new StringBuilder();
      for (int i = 0; i < 50; i++) {
        small.append("{\"id\": %d, \"text\": \"a few words\"}\n".formatted(10_000 + 100 * f + i));
      }
      small.append("{\"id\": %d, \"text\": null}\n".formatted(20_000 + f));
      Files.writeString(directory.resolve("b" + f + ".jsonl"), small);
    }
    return LocalSpark.session().read().json(directory.toString());
  }

  private static long[] tokensByTask(Dataset<Row> rows) {
    Column tokens = TextLoads.tokensOf(functions.col("text"), MAX_LENGTH);
    long[] sums = new long[rows.rdd().getNumPartitions()];
    rows.select(functions.spark_partition_id().as("p"), tokens.as("t"))
        .groupBy("p")
        .agg(functions.sum("t"))
        .collectAsList()
        .forEach(row -> sums[row.getInt(0)] = row.getLong(1));
    return sums;
  }

  @Test
  void skewedFilesAreCutEvenlyAndNoRowIsLostOrChanged() throws IOException {
    Dataset<Row> rows = skewed();
    long[] before = tokensByTask(rows);
    Dataset<Row> spread = AutoPartitions.spread(rows, "text", CONFIG, false, false);
    long[] after = tokensByTask(spread);

    long total = Arrays.stream(before).sum();
    assertThat(PartitionPlan.lastEnd(before, 2)).isGreaterThan((long) (0.9 * total));
    assertThat(after.length).isGreaterThanOrEqualTo(2);
    long row = MAX_LENGTH + 1_000_000 / 4 / 32;
    assertThat(Arrays.stream(after).sum()).isEqualTo(total);
    assertThat(Arrays.stream(after).max().orElseThrow())
        .isLessThanOrEqualTo(total / after.length + row + 1);

    assertThat(spread.schema()).isEqualTo(rows.schema());
    assertThat(spread.count()).isEqualTo(6_153);
    assertThat(spread.exceptAll(rows).count()).isZero();
    assertThat(rows.exceptAll(spread).count()).isZero();
  }

  @Test
  void aRowGoesToTheSameTaskEveryTime() throws IOException {
    Dataset<Row> rows = skewed();
    List<List<Row>> tries =
        List.of(places(rows), places(LocalSpark.session().read().json(directory.toString())));
    assertThat(tries.get(0)).isEqualTo(tries.get(1));
  }

  private static List<Row> places(Dataset<Row> rows) {
    return AutoPartitions.spread(rows, "text", CONFIG, false, false)
        .select(functions.col("id"), functions.spark_partition_id().as("p"))
        .orderBy("id")
        .collectAsList();
  }

  /** Its order is not fixed, so a row's place says nothing about it. */
  @Test
  void whatComesOutOfAShuffleIsNotCutByPlace() throws IOException {
    Dataset<Row> shuffled = skewed().repartition(1);
    assertThat(TextLoads.inFixedOrder(shuffled)).isFalse();
    Dataset<Row> spread = AutoPartitions.spread(shuffled, "text", CONFIG, false, false);
    assertThat(spread.schema().fieldNames()).containsExactly("id", "text");
    assertThat(spread.queryExecution().analyzed().toString()).doesNotContain("_embark_task");
    assertThat(spread.rdd().getNumPartitions()).isGreaterThanOrEqualTo(2);
    assertThat(spread.count()).isEqualTo(6_153);
  }

  @Test
  void cuttingKeepsTypesNamesAndMetadata() {
    Metadata metadata = new MetadataBuilder().putString("origin", "here").build();
    StructType schema =
        new StructType()
            .add("a.b", DataTypes.createArrayType(DataTypes.DoubleType))
            .add("when", DataTypes.TimestampType, true, metadata)
            .add("text", DataTypes.StringType);
    Dataset<Row> rows =
        LocalSpark.session()
            .range(0, 200, 1, 1)
            .selectExpr(
                "array(cast(id as double)) as `a.b`",
                "timestamp_seconds(id) as when",
                "cast(id as string) as text");
    String file = directory.resolve("typed").toString();
    LocalSpark.session()
        .createDataFrame(rows.collectAsList(), schema)
        .repartition(2)
        .write()
        .parquet(file);
    Dataset<Row> typed = LocalSpark.session().read().parquet(file);
    Column tokens = TextLoads.tokensOf(functions.col("text"), MAX_LENGTH);
    long[] loads = tokensByTask(typed);
    Dataset<Row> cut = EvenCut.cut(typed, tokens, loads, 5);
    assertThat(cut.schema()).isEqualTo(schema);
    assertThat(cut.rdd().getNumPartitions()).isEqualTo(5);
    assertThat(cut.orderBy("when").collectAsList())
        .isEqualTo(typed.orderBy("when").collectAsList());
    assertThat(tokensByTask(cut)).hasSize(5).doesNotContain(0L);
  }

  @Test
  void aTextCostsAtMostTheMaximumLengthInTheModel() {
    List<Long> tokens =
        LocalSpark.texts(1, "", "abcd".repeat(10), "x".repeat(4_096), null)
            .orderBy("id")
            .select(TextLoads.tokensOf(functions.col("text"), MAX_LENGTH))
            .collectAsList()
            .stream()
            .map(row -> row.getLong(0))
            .toList();
    assertThat(tokens).containsExactly(2L, 12L, 256L + 32, 2L);
  }

  @Test
  void everyTaskHasAKeyOfItsOwn() {
    int[] keys = EvenCut.keys(1_000);
    assertThat(Arrays.stream(keys).distinct().count()).isEqualTo(1_000);
  }
}
