package io.embark.spark.parquet;

import static org.assertj.core.api.Assertions.assertThat;

import io.embark.spark.TextEmbedder;
import io.embark.testing.LocalSpark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.hadoop.metadata.ParquetMetadata;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.spark.sql.DataFrameWriter;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VectorParquetFormatTest {
  @TempDir Path dir;

  private static Dataset<Row> embedded(TextEmbedder embedder) {
    List<String> texts = new ArrayList<>();
    IntStream.range(0, 60).forEach(i -> texts.add(i % 7 == 3 ? null : "text number " + i));
    return embedder.setDevice("cpu").transform(LocalSpark.texts(1, texts));
  }

  private static DataFrameWriter<Row> small(Dataset<Row> rows) {
    return rows.coalesce(1)
        .write()
        .option("parquet.page.size", 8 << 10)
        .option("parquet.page.size.row.check.min", 3)
        .option("parquet.block.size", 24 << 10);
  }

  @ParameterizedTest
  @ValueSource(strings = {"vector", "float", "float16-bits", "int8", "binary"})
  void tablesAreThoseOfSparkInEveryWayOfReading(String type) throws IOException {
    TextEmbedder embedder = new TextEmbedder().setPooling("mean,cls").setOutputType(type);
    if (type.equals("int8")) {
      embedder.setDevice("cpu").calibrate(LocalSpark.texts(1, "one text", "another"));
    }
    Dataset<Row> rows = embedded(embedder).cache();
    String ours = dir.resolve("ours").toString();
    String sparks = dir.resolve("sparks").toString();
    small(rows).format(VectorParquetFormat.NAME).save(ours);
    DataFrameWriter<Row> plain = small(rows);
    for (String column : List.of("embedding_mean", "embedding_cls")) {
      for (String below : List.of("", ".list.element", ".values.list.element")) {
        plain.option("parquet.enable.dictionary#" + column + below, false);
      }
    }
    plain.parquet(sparks);

    assertThat(Files.readAllBytes(file(ours))).isEqualTo(Files.readAllBytes(file(sparks)));
    if (!type.equals("binary")) {
      assertThat(footer(ours).getBlocks()).as("row groups").hasSizeGreaterThan(1);
    }
    assertThat(rows(ours, true)).as("vectorised").isEqualTo(rows.collectAsList());
    assertThat(rows(ours, false)).as("row by row").isEqualTo(rows.collectAsList());
    rows.unpersist();
  }

  private static List<Row> rows(String table, boolean vectorised) {
    SparkSession spark = LocalSpark.session();
    String key = "spark.sql.parquet.enableVectorizedReader";
    spark.conf().set(key, vectorised);
    try {
      return spark.read().parquet(table).orderBy("id").collectAsList();
    } finally {
      spark.conf().unset(key);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"vector", "float", "binary"})
  void vectorsGetNoDictionaryAndOtherColumnsKeepTheirs(String type) throws IOException {
    String table = dir.resolve("out").toString();
    Dataset<Row> rows =
        new TextEmbedder()
            .setDevice("cpu")
            .setOutputType(type)
            .transform(LocalSpark.texts(1, "the same text", "the same text", "the same text"));
    rows.coalesce(1).write().format(VectorParquetFormat.NAME).save(table);
    Set<String> with = new HashSet<>();
    Set<String> without = new HashSet<>();
    for (ColumnChunkMetaData column : footer(table).getBlocks().get(0).getColumns()) {
      (column.hasDictionaryPage() ? with : without).add(column.getPath().toDotString());
    }
    assertThat(with).contains("text", "status");
    assertThat(without)
        .contains(
            switch (type) {
              case "vector" -> "embedding.values.list.element";
              case "float" -> "embedding.list.element";
              default -> "embedding";
            });
  }

  @Test
  void whoWantsADictionaryGetsOne() throws IOException {
    String table = dir.resolve("out").toString();
    new TextEmbedder()
        .setDevice("cpu")
        .setOutputType("float")
        .transform(LocalSpark.texts(1, Collections.nCopies(20, "the same text")))
        .coalesce(1)
        .write()
        .option("parquet.enable.dictionary#embedding.list.element", true)
        .format(VectorParquetFormat.NAME)
        .save(table);
    assertThat(footer(table).getBlocks().get(0).getColumns())
        .filteredOn(c -> c.getPath().toDotString().equals("embedding.list.element"))
        .allMatch(ColumnChunkMetaData::hasDictionaryPage);
  }

  @Test
  void partitionsAndEmptyTablesAreWritten() {
    String table = dir.resolve("out").toString();
    Dataset<Row> rows = embedded(new TextEmbedder());
    rows.write().partitionBy("status").format(VectorParquetFormat.NAME).save(table);
    assertThat(LocalSpark.session().read().parquet(table).where("status = 'OK'").count())
        .isEqualTo(rows.where("status = 'OK'").count())
        .isPositive();
    String none = dir.resolve("none").toString();
    rows.where("id < 0").write().format(VectorParquetFormat.NAME).save(none);
    assertThat(LocalSpark.session().read().parquet(none).schema())
        .isEqualTo(rows.schema().asNullable());
    assertThat(LocalSpark.session().read().parquet(none).count()).isZero();
  }

  private static Path file(String directory) throws IOException {
    try (Stream<Path> files = Files.list(Path.of(directory))) {
      return files.filter(f -> f.toString().endsWith(".parquet")).findFirst().orElseThrow();
    }
  }

  private static ParquetMetadata footer(String directory) throws IOException {
    var input =
        HadoopInputFile.fromPath(
            new org.apache.hadoop.fs.Path(file(directory).toUri()), new Configuration());
    try (ParquetFileReader reader = ParquetFileReader.open(input)) {
      return reader.getFooter();
    }
  }
}
