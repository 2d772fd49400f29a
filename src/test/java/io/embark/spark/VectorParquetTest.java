package io.embark.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VectorParquetTest {

  @ParameterizedTest
  @ValueSource(strings = {"vector", "float"})
  void vectorsGetNoDictionaryAndOtherColumnsKeepTheirs(String type, @TempDir Path dir)
      throws IOException {
    Dataset<Row> embedded =
        new TextEmbedder()
            .setDevice("cpu")
            .setOutputType(type)
            .transform(LocalSpark.texts(1, "the same text", "the same text", "the same text"));
    String path = dir.resolve("out").toString();
    embedded.coalesce(1).write().options(VectorParquet.options(embedded.schema())).parquet(path);
    List<ColumnChunkMetaData> columns = columns(dir.resolve("out"));
    assertThat(columns).anyMatch(c -> c.getPath().toDotString().startsWith("embedding."));
    for (ColumnChunkMetaData column : columns) {
      String name = column.getPath().toDotString();
      if (name.endsWith("list.element") && !name.contains("indices")) {
        assertThat(column.hasDictionaryPage()).as(name).isFalse();
      } else if (name.equals("text") || name.equals("status")) {
        assertThat(column.hasDictionaryPage()).as(name).isTrue();
      }
    }
  }

  private static List<ColumnChunkMetaData> columns(Path directory) throws IOException {
    try (var files = java.nio.file.Files.list(directory)) {
      Path file = files.filter(f -> f.toString().endsWith(".parquet")).findFirst().orElseThrow();
      var input =
          HadoopInputFile.fromPath(
              new org.apache.hadoop.fs.Path(file.toUri()), new Configuration());
      try (ParquetFileReader reader = ParquetFileReader.open(input)) {
        return reader.getFooter().getBlocks().get(0).getColumns();
      }
    }
  }
}
