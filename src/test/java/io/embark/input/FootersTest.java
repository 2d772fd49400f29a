package io.embark.input;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.embark.input.gate.UnreadableInput;
import io.embark.testing.LocalSpark;
import io.embark.testing.ParquetFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FootersTest {
  @TempDir Path directory;

  private final SparkSession spark = LocalSpark.session();

  private List<FileColumns> read(List<FileStatus> files) throws IOException {
    return Footers.read(spark, ParquetFooter.of(spark.sessionState().conf()), files);
  }

  private Path write(String name, String column) {
    return ParquetFiles.write(
        directory.resolve(name),
        "required int64 id; optional " + column + ";",
        1,
        (row, i) -> row.append("id", 7L));
  }

  private FileStatus status(Path file) throws IOException {
    return FileSystem.getLocal(spark.sparkContext().hadoopConfiguration())
        .getFileStatus(new org.apache.hadoop.fs.Path(file.toUri()));
  }

  /** So many that tasks read them, and so few that the driver does. */
  @ParameterizedTest
  @ValueSource(ints = {2_100, 40})
  void allFootersInTheirOrder(int files) throws IOException {
    Path even = write("even", "int32 x");
    Path odd = write("odd", "binary x (STRING)");
    List<FileStatus> listed = new ArrayList<>();
    for (int i = 0; i < files; i++) {
      Path file = directory.resolve(i + ".parquet");
      listed.add(status(Files.copy(i % 2 == 0 ? even : odd, file)));
    }
    List<FileColumns> read = read(listed);
    assertThat(read).hasSize(files);
    for (int i = 0; i < files; i++) {
      assertThat(read.get(i).path()).endsWith("/" + i + ".parquet");
      assertThat(read.get(i).rows()).isEqualTo(1);
      assertThat(read.get(i).schema().simpleString())
          .isEqualTo("struct<id:bigint,x:%s>".formatted(i % 2 == 0 ? "int" : "string"));
      assertThat(read.get(i).empty()).containsExactly("x");
    }
    Path last = directory.resolve(files - 1 + ".parquet");
    Files.write(last, new byte[] {'P', 'A', 'R', '1', 0, 0, 'P', 'A', 'R', '1'});
    Path others = Files.createDirectory(directory.resolve("others"));
    for (int i = 0; i < files; i++) {
      Path file = directory.resolve(i + ".parquet");
      listed.set(i, status(Files.move(file, others.resolve(file.getFileName()))));
    }
    assertThatThrownBy(() -> read(listed))
        .isInstanceOf(UnreadableInput.class)
        .hasMessageContaining("others/" + last.getFileName());
  }

  @Test
  void aFooterThatChangedIsReadAgain() throws IOException {
    Path file = write("a.parquet", "int32 x");
    assertThat(read(List.of(status(file))).get(0).schema().fieldNames()).containsExactly("id", "x");
    Files.delete(file);
    Files.delete(directory.resolve(".a.parquet.crc"));
    write("a.parquet", "int32 another");
    assertThat(read(List.of(status(file))).get(0).schema().fieldNames())
        .containsExactly("id", "another");
  }
}
