package io.embark.cli.embed;

import static org.assertj.core.api.Assertions.assertThat;

import io.embark.cli.ExitCode;
import io.embark.cli.JobRun;
import io.embark.testing.Interpreted;
import io.embark.testing.LocalSpark;
import io.embark.testing.ParquetFiles;
import io.embark.testing.TinyModels;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.hive.ql.exec.vector.BytesColumnVector;
import org.apache.hadoop.hive.ql.exec.vector.LongColumnVector;
import org.apache.hadoop.hive.ql.exec.vector.UnionColumnVector;
import org.apache.hadoop.hive.ql.exec.vector.VectorizedRowBatch;
import org.apache.orc.OrcFile;
import org.apache.orc.TypeDescription;
import org.apache.orc.Writer;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.format.CompressionCodec;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Parquet and ORC files that differ, that are damaged, or of types that Spark does not read. */
@Timeout(300)
@Interpreted
class ColumnarInputTest {
  @TempDir static Path models;
  @TempDir Path directory;
  private static Path model;

  @BeforeAll
  static void write() {
    model = TinyModels.graph().hiddenSize(4).writeDirectory(models.resolve("tiny"));
  }

  private Path in() {
    return directory.resolve("in");
  }

  private Path output() {
    return directory.resolve("output");
  }

  private JobRun embed(Object... flags) {
    return JobRun.embed(List.of("--model", model, "--input", in(), "--output", output()), flags);
  }

  private void refused(JobRun run, String... parts) {
    run.assertRefused(parts);
    assertThat(output().resolve("_SUCCESS")).doesNotExist();
  }

  /** The output's rows, each as its values of these columns. */
  private List<String> embedded(String columns, Object... flags) {
    JobRun run = embed(flags);
    assertThat(run.exitCode()).as(run.err()).isZero();
    return rows().selectExpr(columns.split(", ")).collectAsList().stream()
        .map(Row::toString)
        .toList();
  }

  private Dataset<Row> rows() {
    return LocalSpark.session().read().parquet(output().toString());
  }

  /** Writes one file of what a query gives. */
  private void file(String name, String query, String format) {
    Path folder = directory.resolve("written");
    LocalSpark.session()
        .sql(query)
        .coalesce(1)
        .write()
        .mode("overwrite")
        .format(format)
        .save(folder.toString());
    try (Stream<Path> files = Files.list(folder)) {
      Path written =
          files.filter(f -> f.getFileName().toString().startsWith("part-")).findFirst().get();
      Path target = in().resolve(name + "." + format);
      Files.createDirectories(target.getParent());
      Files.move(written, target);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** A file of Parquet's own types, with the columns id, text and x. */
  private Path foreign(String name, String x, BiConsumer<Group, Integer> value) throws IOException {
    Files.createDirectories(in());
    return ParquetFiles.write(
        in().resolve(name),
        "required int64 id; required binary text (STRING); optional "
            + x
            + (x.endsWith("}") ? "" : ";"),
        2,
        (row, i) -> {
          row.append("id", (long) i).append("text", "text " + i);
          value.accept(row, i);
        });
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '|',
      value = {
        // x of one file | x of the other | type of the output | its values
        "1                  | 3000000000L              | bigint        | [1], [3000000000]",
        "3000000000L        | 1                        | bigint        | [1], [3000000000]",
        "CAST(1 AS TINYINT) | CAST(300 AS SMALLINT)    | smallint      | [1], [300]",
        "CAST(0.5 AS FLOAT) | CAST(0.1 AS DOUBLE)      | double        | [0.1], [0.5]",
        "1.5BD              | CAST(12.25 AS DECIMAL(9,2)) | decimal(9,2) | [1.50], [12.25]",
        "CAST(7 AS DECIMAL(20,0)) | 8L                 | decimal(20,0) | [7], [8]",
        "CAST(NULL AS INT)  | 'a'                      | string        | [a], [null]",
        "'a'                | CAST(NULL AS INT)        | string        | [a], [null]",
        "named_struct('a', 1) | named_struct('a', 2, 'b', 'c') | struct<a:int,b:string> |"
            + " [[1,null]], [[2,c]]",
        "named_struct('b', 'c', 'a', 1) | named_struct('a', 2) | struct<b:string,a:int> |"
            + " [[c,1]], [[null,2]]",
        "array(named_struct('a', 1)) | array(named_struct('a', 2, 'b', 3)) |"
            + " array<struct<a:int,b:int>> | [WrappedArray([1,null])], [WrappedArray([2,3])]",
      })
  void typesThatDifferAreWidened(String x, String other, String type, String values) {
    for (String format : List.of("parquet", "orc")) {
      file("a", "SELECT 1L AS id, 'one' AS text, " + x + " AS x", format);
      file("b", "SELECT 2L AS id, 'two' AS text, " + other + " AS x", format);
      assertThat(embedded("x").stream().sorted().collect(Collectors.joining(", ")))
          .as(format)
          .isEqualTo(values);
      assertThat(rows().schema().apply("x").dataType().simpleString()).isEqualTo(type);
      assertThat(rows().where("status = 'OK' AND embedding IS NOT NULL").count()).isEqualTo(2);
      delete();
    }
  }

  @Test
  void idsOfAnotherWidthKeepTheirRows() {
    for (int day = 1; day <= 3; day++) {
      String type = day == 2 ? "INT" : "BIGINT";
      file(
          "day=0" + day + "/a",
          "SELECT CAST(id + %1$d AS %2$s) AS id, concat('text ', id + %1$d) AS text FROM range(50)"
              .formatted(day * 100, type),
          "parquet");
    }
    Object[] flags = {"--mode", "incremental", "--id-col", "id", "--commit-rows", "20"};
    assertThat(embedded("id", flags)).hasSize(150).doesNotHaveDuplicates();
    assertThat(rows().where("text = concat('text ', id) AND day = concat('0', id div 100)").count())
        .isEqualTo(150);
    assertThat(embed(flags).out()).contains("150 as they were");
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '|',
      value = {
        "x    | 1                          | 'a'",
        "x    | 1L                         | CAST(1 AS DOUBLE)",
        "x    | 1L                         | 1.5BD",
        "x    | DATE '2024-01-01'          | TIMESTAMP '2024-01-01 00:00:00'",
        "x    | TIMESTAMP '2024-01-01 00:00:00' | TIMESTAMP_NTZ '2024-01-01 00:00:00'",
        "x    | true                       | 'true'",
        "x    | CAST(1 AS DECIMAL(38,0))   | CAST(1 AS DECIMAL(38,10))",
        "x    | array(1)                   | 1",
        "x    | array(1)                   | array('a')",
        "x    | named_struct('a', 1)       | named_struct('a', 'b')",
        "x    | map('a', 1)                | map('a', 'b')",
        "x    | X'00'                      | 'a'",
        "text | 'one'                      | 1",
        "text | 'one'                      | X'6f6e65'",
        "id   | 1L                         | '1'",
      })
  void typesThatDoNotGoTogetherAreRefused(String column, String one, String other) {
    for (String format : List.of("parquet", "orc")) {
      if (format.equals("orc") && other.contains("NTZ")) {
        continue;
      }
      String rest =
          Stream.of("id", "text", "x")
              .filter(c -> !c.equals(column))
              .map(c -> "'" + c + "' AS " + c)
              .collect(Collectors.joining(", "));
      file("a", "SELECT %s, %s AS %s".formatted(rest, one, column), format);
      file("b", "SELECT %s, %s AS %s".formatted(rest, other, column), format);
      refused(embed(), "column '" + column + "'", "in/a." + format, "in/b." + format, "--columns");
      if (column.equals("x")) {
        assertThat(embedded("text", "--columns", "id", "--mode", "overwrite")).hasSize(2);
        assertThat(rows().columns()).doesNotContain("x");
      }
      delete();
    }
  }

  /** What other types the files of a folder have. */
  private void delete() {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted((a, b) -> b.compareTo(a)).toList()) {
        if (!file.equals(directory)) {
          Files.delete(file);
        }
      }
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"parquet", "orc"})
  void aColumnThatAFileLacks(String format) {
    file("a", "SELECT 1L AS id, 'one' AS text", format);
    file("b", "SELECT 2L AS id, 'two' AS text, 'more' AS extra", format);
    for (String lost : List.of("id", "text")) {
      String other = lost.equals("id") ? "'three' AS text" : "3L AS id";
      file("c", "SELECT " + other, format);
      refused(embed(), "in/c." + format + " has no column '" + lost + "'");
      assertThat(in().resolve("c." + format).toFile().delete()).isTrue();
    }
    assertThat(embedded("id, extra")).containsExactlyInAnyOrder("[1,null]", "[2,more]");
    // Nothing is lost of a file without rows.
    file("c", "SELECT 3L AS id WHERE false", format);
    assertThat(embedded("id", "--mode", "overwrite")).hasSize(2);
  }

  @Test
  void orcTypesThatDifferAreWidened() {
    file("a", "SELECT 1 AS id, 'one' AS text, CAST(0.5 AS FLOAT) AS f", "orc");
    file("b", "SELECT 3000000000L AS id, 'two' AS text, CAST(0.1 AS DOUBLE) AS f", "orc");
    assertThat(embedded("id, text, f"))
        .containsExactlyInAnyOrder("[1,one,0.5]", "[3000000000,two,0.1]");
  }

  @Test
  void theColumnsAreTheFilesAndNotThoseOfSparksNote() throws IOException {
    // As pandas and Arrow write a table that they read from Spark and changed.
    Files.createDirectories(in());
    String note =
        "{\"type\":\"struct\",\"fields\":[{\"name\":\"text\",\"type\":\"integer\",\"nullable\":true,"
            + "\"metadata\":{}},{\"name\":\"gone\",\"type\":\"string\",\"nullable\":true,\"metadata\":{}}]}";
    ParquetFiles.write(
        in().resolve("a.parquet"),
        "required int64 id; required binary text (STRING); required binary added (STRING);",
        1,
        (row, i) -> row.append("id", 1L).append("text", "a").append("added", "b"),
        Map.of("org.apache.spark.sql.parquet.row.metadata", note));
    assertThat(embedded("id, text, added")).containsExactly("[1,a,b]");
    assertThat(rows().columns()).doesNotContain("gone");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "int32 x (TIME(MILLIS,true))",
        "int64 x (TIME(MICROS,false))",
        "int64 x (TIME(NANOS,true))",
        "int64 x (TIMESTAMP(NANOS,true))",
        "int64 x (TIMESTAMP(NANOS,false))",
        "fixed_len_byte_array(16) x (UUID)",
        "fixed_len_byte_array(12) x (INTERVAL)",
        "fixed_len_byte_array(26) x (DECIMAL(60,2))",
        "group x { required int64 nested (TIME(NANOS,true)); }",
      })
  void aTypeThatSparkDoesNotRead(String type) throws IOException {
    foreign("plain.parquet", "int32 y", (row, i) -> {});
    foreign("odd.parquet", type, (row, i) -> {});
    refused(
        embed(),
        "column 'x'",
        "odd.parquet",
        type.startsWith("group") ? "group" : type.split("[ (]")[0].toUpperCase(Locale.ROOT),
        "--columns");
    refused(embed("--text-col", "x"), "column 'x'");
    refused(embed("--columns", "y,zz"), "columns: no column 'zz'", "id, text, y, x");
    assertThat(embedded("id, text", "--columns", "y"))
        .containsExactlyInAnyOrder("[0,text 0]", "[1,text 1]", "[0,text 0]", "[1,text 1]");
    assertThat(rows().columns()).contains("y").doesNotContain("x");
  }

  @Test
  void unsignedWholeNumbersKeepEveryDigit() throws IOException {
    foreign("a.parquet", "int64 x (INTEGER(64,false))", (row, i) -> row.append("x", -1L - i));
    foreign("b.parquet", "int64 x", (row, i) -> row.append("x", 5L + i));
    assertThat(embedded("CAST(x AS STRING)"))
        .containsExactlyInAnyOrder(
            "[18446744073709551615]", "[18446744073709551614]", "[5]", "[6]");
    assertThat(rows().head().getDecimal(rows().schema().fieldIndex("x")))
        .isInstanceOf(BigDecimal.class);
  }

  @ParameterizedTest
  @CsvSource({
    "parquet, empty", "parquet, cut", "parquet, text", "parquet, beginning",
    "orc, empty", "orc, cut", "orc, text", "orc, beginning"
  })
  void aFileThatIsNone(String format, String fault) throws IOException {
    file("a", "SELECT 1L AS id, 'one' AS text", format);
    file("b", "SELECT id, concat('text ', id) AS text FROM range(1000)", format);
    Path file = in().resolve("b." + format);
    byte[] bytes = Files.readAllBytes(file);
    Files.write(
        file,
        switch (fault) {
          case "empty" -> new byte[0];
          case "cut" -> Arrays.copyOf(bytes, bytes.length / 2);
          case "beginning" -> Arrays.copyOfRange(bytes, 100, bytes.length);
          default -> "id,text\n1,a\n".getBytes(StandardCharsets.UTF_8);
        });
    refused(embed(), "in/b." + format);
  }

  /** Only tasks read pages. */
  @ParameterizedTest
  @ValueSource(strings = {"snappy", "gzip", "zstd", "uncompressed", "lz4raw"})
  void aDamagedPage(String codec) throws IOException {
    file("a", "SELECT 1L AS id, 'one' AS text", "parquet");
    LocalSpark.session().conf().set("spark.sql.parquet.compression.codec", codec);
    try {
      file("b", "SELECT id, concat('text ', id) AS text FROM range(3000)", "parquet");
    } finally {
      LocalSpark.session().conf().unset("spark.sql.parquet.compression.codec");
    }
    Path file = in().resolve("b.parquet");
    byte[] whole = Files.readAllBytes(file);
    for (int at = 60; at < whole.length - 1200; at += (whole.length - 1200) / 3) {
      byte[] bytes = whole.clone();
      bytes[at] ^= 0x55;
      Files.write(file, bytes);
      JobRun run = embed("--mode", "overwrite");
      refused(run, "in/b.parquet", "cannot be read");
      assertThat(run.error()).doesNotContain("Job aborted");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"zlib", "none"})
  void aDamagedStripe(String codec) throws IOException {
    file("a", "SELECT 1L AS id, 'one' AS text", "orc");
    LocalSpark.session().conf().set("spark.sql.orc.compression.codec", codec);
    try {
      file("b", "SELECT id, concat('text ', id) AS text FROM range(3000)", "orc");
    } finally {
      LocalSpark.session().conf().unset("spark.sql.orc.compression.codec");
    }
    Path file = in().resolve("b.orc");
    byte[] bytes = Files.readAllBytes(file);
    // ORC has no checksums: what is left is damage that its decoders notice.
    Arrays.fill(bytes, 3, bytes.length * 2 / 3, (byte) 0xA5);
    Files.write(file, bytes);
    refused(embed(), "in/b.orc");
  }

  @Test
  void aCodecThatIsNotThere() throws IOException {
    file("a", "SELECT 1L AS id, 'one' AS text", "parquet");
    Path file = foreign("b.parquet", "int32 y", (row, i) -> {});
    for (CompressionCodec codec : List.of(CompressionCodec.BROTLI, CompressionCodec.LZO)) {
      ParquetFiles.say(file, codec);
      refused(embed(), "in/b.parquet", codec.name(), "no codec");
    }
  }

  /** Parquet's library in Spark cannot read the footer of such a file at all. */
  @Test
  void aTypeThatIsNewerThanTheLibrary() throws IOException {
    Path file = foreign("half.parquet", "fixed_len_byte_array(16) x (UUID)", (row, i) -> {});
    ParquetFiles.makeUuidFloat16(file);
    refused(embed(), "column 'x'", "half.parquet", "came into Parquet after");
    refused(embed("--columns", "id"), "column 'x'", "half.parquet");
  }

  @ParameterizedTest
  @CsvSource({
    "DATE '1500-02-03', false, datetimeRebaseMode",
    "TIMESTAMP '1500-02-03 01:02:03', false, datetimeRebaseMode",
    "TIMESTAMP '1500-02-03 01:02:03', true, int96RebaseMode"
  })
  void timesOfAnOldCalendar(String value, boolean int96, String option) throws IOException {
    Files.createDirectories(in());
    if (int96) {
      foreign(
          "a.parquet",
          "int96 x",
          (row, i) ->
              row.append(
                  "x",
                  new org.apache.parquet.example.data.simple.NanoTime(
                      2268958, 3_723_000_000_000L)));
    } else if (value.startsWith("DATE")) {
      foreign("a.parquet", "int32 x (DATE)", (row, i) -> row.append("x", -171_631));
    } else {
      foreign(
          "a.parquet",
          "int64 x (TIMESTAMP(MICROS,true))",
          (row, i) -> row.append("x", -171_631L * 86_400_000_000L));
    }
    refused(embed(), "in/a.parquet", "--read-option " + option + "=CORRECTED", option + "=LEGACY");
    for (String mode : List.of("CORRECTED", "LEGACY")) {
      List<String> written =
          embedded("x", "--read-option", option + "=" + mode, "--mode", "overwrite");
      Dataset<Row> read = LocalSpark.session().read().option(option, mode).parquet(in().toString());
      assertThat(written).hasSize(2).containsOnly(read.select("x").head().toString());
    }
  }

  @Test
  void whatASessionPassesOverIsReadAllTheSame() throws IOException {
    file("a", "SELECT 1L AS id, 'one' AS text", "parquet");
    file("b", "SELECT id, concat('text ', id) AS text FROM range(3000)", "parquet");
    Path file = in().resolve("b.parquet");
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length / 2] ^= 0x55;
    Files.write(file, bytes);
    LocalSpark.session().conf().set("spark.sql.files.ignoreCorruptFiles", "true");
    try {
      JobRun run = embed();
      assertThat(run.exitCode()).as(run.out()).isEqualTo(ExitCode.BAD_USAGE);
      assertThat(run.error()).contains("in/b.parquet");
    } finally {
      LocalSpark.session().conf().unset("spark.sql.files.ignoreCorruptFiles");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"parquet", "orc"})
  void aFieldThatAFileLacks(String format) {
    file("a", "SELECT named_struct('id', 1, 'text', 'one') AS body", format);
    file("b", "SELECT named_struct('id', 2, 'text', 'two', 'x', 3) AS body", format);
    Object[] flags = {"--text-col", "body.text", "--id-col", "body.id"};
    assertThat(embedded("body", flags)).containsExactlyInAnyOrder("[[1,one,null]]", "[[2,two,3]]");
    for (String lost : List.of("id", "text")) {
      String other = lost.equals("id") ? "'text', 'three'" : "'id', 3";
      file("c", "SELECT named_struct(" + other + ") AS body", format);
      embed("--text-col", "body.text", "--id-col", "body.id", "--mode", "overwrite")
          .assertRefused("in/c." + format + " has no column 'body." + lost + "'");
      assertThat(in().resolve("c." + format).toFile().delete()).isTrue();
    }
    file("c", "SELECT named_struct('x', 1) AS body WHERE false", format);
    embed("--text-col", "body.text", "--id-col", "body.id", "--mode", "overwrite").assertDone();
  }

  @ParameterizedTest
  @ValueSource(strings = {"parquet", "orc"})
  void bytesThatAreNoUtf8(String format) throws IOException {
    String bad = "CAST(X'61FF' AS STRING)";
    file(
        "a",
        "SELECT 1 AS id, %1$s AS text, named_struct('text', %1$s) AS body".formatted(bad),
        format);
    for (String column : List.of("text", "body.text")) {
      assertThat(embedded("`" + column + "`", "--text-col", column, "--mode", "overwrite"))
          .containsExactly("[a\ufffd]");
      JobRun gated = embed("--text-col", column, "--mode", "overwrite", "--max-invalid-text", "0");
      assertThat(gated.exitCode()).isEqualTo(ExitCode.QUALITY);
    }
    file(
        "b",
        "SELECT "
            + bad
            + " AS id, 'b' AS text, named_struct('text', 'b', 'id', "
            + bad
            + ") AS body",
        format);
    assertThat(in().resolve("a." + format).toFile().delete()).isTrue();
    // A whole structure may be the id as well.
    for (String id : List.of("id", "body.id", "body")) {
      embed("--id-col", id, "--mode", "overwrite")
          .assertRefused("in/b." + format, "'" + id + "'", "no UTF-8");
    }
    assertThat(embedded("text", "--id-col", "text", "--mode", "overwrite")).containsExactly("[b]");
  }

  @ParameterizedTest
  @ValueSource(strings = {"parquet", "orc"})
  void bytesThatAreNoUtf8WithinOtherValues(String format) throws IOException {
    String bad = "CAST(X'61FF' AS STRING)";
    file(
        "a",
        """
        SELECT 't' AS text,
          named_struct('n', 7, 'deep', array(named_struct('s', %1$s, 'x', 1), null), 'none', CAST(null AS INT)) AS struct,
          map('k', array(%1$s, 'b', null)) AS map, map(%1$s, 2) AS keys,
          array('a', 'b') AS whole
        """
            .formatted(bad),
        format);
    assertThat(
            embedded(
                "to_json(struct), to_json(map), to_json(keys), to_json(whole)",
                "--mode",
                "overwrite",
                "--max-invalid-text",
                "0"))
        .containsExactly(
            "[{'n':7,'deep':[{'s':'a\ufffd','x':1},null]},{'k':['a\ufffd','b',null]},{'a\ufffd':2},['a','b']]"
                .replace('\'', '"'));
    assertThat(
            rows()
                .selectExpr("hex(struct.deep[0].s)", "hex(map['k'][0])", "hex(map_keys(keys)[0])")
                .first()
                .toString())
        .isEqualTo("[61EFBFBD,61EFBFBD,61EFBFBD]");
    assertThat(in().resolve("a." + format).toFile().delete()).isTrue();
    file(
        "a",
        "SELECT 't' AS text, map(%s, 1, CAST(X'61FE' AS STRING), 2) AS keys".formatted(bad),
        format);
    embed("--mode", "overwrite").assertRefused("in/a." + format, "keys of a map");
  }

  @Test
  void aDecimalFieldOfParquetIsAnId() {
    file("a", "SELECT 'a' AS text, named_struct('id', 1.10BD) AS body", "parquet");
    assertThat(embedded("`body.id`", "--id-col", "body.id")).containsExactly("[1.10]");
  }

  @ParameterizedTest
  @ValueSource(strings = {"parquet", "orc"})
  void namesThatDifferInCase(String format) {
    LocalSpark.session().conf().set("spark.sql.caseSensitive", "true");
    try {
      file("a", "SELECT 1L AS id, 'one' AS text, 'two' AS Text", format);
    } finally {
      LocalSpark.session().conf().unset("spark.sql.caseSensitive");
    }
    refused(embed(), "in/a." + format, "stands beside", "spark.sql.caseSensitive=true");
  }

  @ParameterizedTest
  @ValueSource(strings = {"parquet", "orc"})
  void markersBesideFiles(String format) throws IOException {
    file("a", "SELECT 1L AS id, 'one' AS text", format);
    Files.createFile(in().resolve("done.flag"));
    Files.createFile(in().resolve("DONE"));
    for (Object[] flags : new Object[][] {{}, {"--format", format}}) {
      JobRun run =
          embed(Stream.concat(Stream.of("--mode", "overwrite"), Arrays.stream(flags)).toArray());
      run.assertDone();
      assertThat(rows().count()).isEqualTo(1);
      var runs = JobRun.manifests(output());
      assertThat(runs.get(runs.size() - 1).toString())
          .contains("a." + format)
          .doesNotContain("done.flag", "DONE");
    }
    Files.createFile(in().resolve("b." + format));
    embed("--mode", "overwrite").assertRefused("in/b." + format, "empty");
    embed("--mode", "overwrite", "--format", format).assertRefused("in/b." + format, "empty");
  }

  @Test
  void otherCommandsAreNotToldOfColumns() {
    file("a", "SELECT 1 AS id, 'one' AS text, 1 AS x", "parquet");
    file("b", "SELECT 2 AS id, 'two' AS text, 'x' AS x", "parquet");
    JobRun compare =
        JobRun.of(
            "compare",
            "--device",
            "cpu",
            "--model",
            model.toString(),
            "--input",
            in().toString(),
            "--output",
            output().toString());
    compare.assertRefused("column 'x'", "in/a.parquet", "in/b.parquet");
    assertThat(compare.error()).doesNotContain("--columns");
    JobRun doctor =
        JobRun.of("doctor", "--device", "cpu", "--input", in().toString(), "--columns", "id");
    assertThat(doctor.out()).contains("2 rows of");
    doctor = JobRun.of("doctor", "--device", "cpu", "--input", in().toString());
    assertThat(doctor.out()).contains("column 'x'", "--columns");
  }

  @Test
  void aTypeOfOrcThatSparkDoesNotRead() throws IOException {
    Files.createDirectories(in());
    Configuration hadoop = LocalSpark.session().sparkContext().hadoopConfiguration();
    TypeDescription columns =
        TypeDescription.fromString("struct<id:bigint,text:string,x:uniontype<bigint,string>>");
    try (Writer writer =
        OrcFile.createWriter(
            new org.apache.hadoop.fs.Path(in().resolve("odd.orc").toUri()),
            OrcFile.writerOptions(hadoop).setSchema(columns))) {
      VectorizedRowBatch batch = columns.createRowBatch();
      ((LongColumnVector) batch.cols[0]).vector[0] = 7;
      ((BytesColumnVector) batch.cols[1]).setVal(0, "one".getBytes(StandardCharsets.UTF_8));
      ((LongColumnVector) ((UnionColumnVector) batch.cols[2]).fields[0]).vector[0] = 5;
      batch.size = 1;
      writer.addRowBatch(batch);
    }
    refused(embed(), "column 'x'", "in/odd.orc", "uniontype");
    refused(embed("--columns", "id"), "column 'x'", "in/odd.orc", "uniontype");
  }
}
