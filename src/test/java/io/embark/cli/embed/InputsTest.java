package io.embark.cli.embed;

import static org.assertj.core.api.Assertions.assertThat;

import io.embark.cli.ExitCode;
import io.embark.cli.JobRun;
import io.embark.testing.Interpreted;
import io.embark.testing.LocalSpark;
import io.embark.testing.TinyModels;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the embed job reads, and what it refuses to read, with a model that costs nothing. */
@Timeout(120)
@Interpreted
class InputsTest {
  @TempDir static Path models;
  @TempDir Path directory;
  private static Path model;

  @BeforeAll
  static void write() {
    model = TinyModels.graph().hiddenSize(4).writeDirectory(models.resolve("tiny"));
  }

  private Path file(String name, String contents) {
    TinyModels.writeFiles(directory, Map.of(name, contents));
    return directory.resolve(name);
  }

  private Path output() {
    return directory.resolve("output");
  }

  private JobRun embed(Object input, String... flags) {
    return JobRun.embed(
        List.of("--model", model, "--input", input, "--output", output()), (Object[]) flags);
  }

  /** The texts of the output, in no order; each with a vector if it has something to show. */
  private List<String> embedded(Object input, String... flags) {
    JobRun run = embed(input, flags);
    assertThat(run.exitCode()).as(run.err()).isZero();
    List<Row> rows = LocalSpark.session().read().parquet(output().toString()).collectAsList();
    for (Row row : rows) {
      String text = row.getAs("text");
      String wanted = text == null ? "NULL_TEXT" : text.isBlank() ? "BLANK_TEXT" : "OK";
      assertThat(row.<String>getAs("status")).as(text).isEqualTo(wanted);
      assertThat(row.getAs("embedding") == null).isEqualTo(!wanted.equals("OK"));
    }
    return rows.stream().map(r -> r.<String>getAs("text")).toList();
  }

  private void refused(JobRun run, String... parts) {
    run.assertRefused(parts);
    assertThat(output()).doesNotExist();
  }

  @Test
  void jsonLines() {
    Path in =
        file(
            "in.jsonl",
            """
            {"id": 1, "text": "one \\"quoted\\" \\u00e9"}
            {"id": 2, "text": null}
            {"id": 3}

            {"id": 4, "text": ""}
            {"id": 5, "text": " \\t "}
            {"id": 6, "text": "line\\nbreak"}
            """);
    assertThat(embedded(in))
        .containsExactlyInAnyOrder("one \"quoted\" é", null, null, "", " \t ", "line\nbreak");
  }

  @Test
  void csvWithQuotesCommasAndLineBreaks() {
    Path in =
        file(
            "in.csv",
            "\ufeffid,text,more\r\n1,\"a \"\"word\"\", quoted\",x\r\n2,\"two\r\nlines\",y\r\n"
                + "3,,z\r\n4,\"\",\r\n5,back\\slash \\\" and # hash,\r\n6,\"ends in \\\",q\r\n");
    assertThat(embedded(in))
        .containsExactlyInAnyOrder(
            "a \"word\", quoted",
            "two\r\nlines",
            null,
            // Spark's reader does not tell an empty quoted field from none.
            null,
            "back\\slash \\\" and # hash",
            "ends in \\");
  }

  @Test
  void optionsOfTheUserWinInAnyCase() {
    Path in = file("in.csv", "a \"b\n c, d\n");
    String options = "SEP=;,HEADER=false,MULTILINE=false,QUOTE=";
    JobRun run = embed(in, "--read-option", options, "--text-col", "_c0");
    assertThat(run.exitCode()).as(run.err()).isZero();
    List<Row> rows = LocalSpark.session().read().parquet(output().toString()).collectAsList();
    assertThat(rows.stream().map(r -> r.<String>getAs("_c0")))
        .containsExactlyInAnyOrder("a \"b", " c, d");
  }

  @Test
  void tsvWithQuotationMarks() {
    Path in =
        file(
            "in.tsv",
            "id\ttext\n"
                + "1\tsay \"hi\"\n"
                + "2\t\"open quote\n"
                + "3\t\"\"\n"
                + "4\tback\\slash\\\n"
                + "5\t#hash\n"
                + "6\t a \n");
    assertThat(embedded(in))
        .containsExactlyInAnyOrder(
            "say \"hi\"", "\"open quote", "\"\"", "back\\slash\\", "#hash", " a ");
  }

  @Test
  void textLineByLine() {
    Path in = file("in.txt", "first\n\n\"third\", with a comma\nlast without an end");
    assertThat(embedded(in))
        .containsExactlyInAnyOrder("first", "", "\"third\", with a comma", "last without an end");
  }

  @ParameterizedTest
  @ValueSource(strings = {"parquet", "orc", "json", "csv"})
  void whatSparkWritesIsRead(String format) {
    SparkSession spark = LocalSpark.session();
    Path in = directory.resolve("in");
    LocalSpark.texts(3, "one", "two words", "three, with \"quotes\"", "four\nlines", null)
        .write()
        .option("header", "true")
        .option("escape", "\"")
        .format(format)
        .save(in.toString());
    assertThat(spark.sparkContext().isStopped()).isFalse();
    assertThat(embedded(in))
        .containsExactlyInAnyOrder(
            "one", "two words", "three, with \"quotes\"", "four\nlines", null);
  }

  @Test
  void compressedFiles() throws IOException {
    Path in = directory.resolve("in.csv.gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(in))) {
      out.write("id,text\n1,\"two\nlines\"\n2,x\n".getBytes(StandardCharsets.UTF_8));
    }
    assertThat(embedded(in)).containsExactlyInAnyOrder("two\nlines", "x");
  }

  @Test
  void severalFilesGlobsAndDirectories() {
    file("a/1.txt", "a1\n");
    file("a/2.txt", "a2\n");
    file("a/_SUCCESS", "");
    file("a/.hidden.txt", "no\n");
    file("b/x1.txt", "bx1\n");
    file("b/x2.txt", "bx2\n");
    file("b/y1.txt", "by1\n");
    String input = directory.resolve("a") + "," + directory + "/b/{x1,x2}.txt";
    assertThat(embedded(input)).containsExactlyInAnyOrder("a1", "a2", "bx1", "bx2");
    assertThat(
            embedded(
                directory.resolve("a/1.txt"),
                "--mode",
                "overwrite",
                "--input",
                directory.resolve("b") + "/?1.txt"))
        .containsExactlyInAnyOrder("a1", "bx1", "by1");
  }

  @Test
  void subdirectoriesAreReadToo() {
    file("in/top.txt", "top\n");
    file("in/2024/a.txt", "a\n");
    file("in/2024/12/b.txt", "b\n");
    assertThat(embedded(directory.resolve("in"))).containsExactlyInAnyOrder("top", "a", "b");
  }

  @Test
  void partitionedDirectoriesKeepTheirColumns() {
    file("in/lang=en/a.txt", "a\n");
    file("in/lang=de/b.txt", "b\n");
    assertThat(embedded(directory.resolve("in"))).containsExactlyInAnyOrder("a", "b");
    assertThat(LocalSpark.session().read().parquet(output().toString()).columns()).contains("lang");
  }

  /** Read together, as Spark can, they would have no partition columns, or not all of the rows. */
  @ParameterizedTest
  @CsvSource({
    "in/lang=de/SUB_1/b.txt, in/lang=de/SUB_1 ",
    "in/plain/b.txt, in/plain",
    "in/b.txt, in/b.txt"
  })
  void partitionsBesideOtherFilesAreRefused(String other, String named) {
    file("in/lang=en/a.txt", "a\n");
    file(other, "b\n");
    String in = directory.resolve("in").toString();
    refused(embed(in), "/in/lang=", named, "--read-option recursiveFileLookup=true");
    assertThat(embedded(in, "--read-option", "recursiveFileLookup=true"))
        .containsExactlyInAnyOrder("a", "b");
    assertThat(LocalSpark.session().read().parquet(output().toString()).columns())
        .doesNotContain("lang");
  }

  @Test
  void aPartitionedDirectoryAndANestedOneAreRefused() {
    file("in/lang=en/a.txt", "a\n");
    file("more/2024/b.txt", "b\n");
    refused(
        embed(directory.resolve("in") + "," + directory.resolve("more")),
        "in/lang=en",
        "more/2024");
  }

  @Test
  void aFileGivenTwiceIsRefused() {
    Path a = file("in/a.txt", "a\n");
    file("in/b.txt", "b\n");
    String all = directory + "/in/*.txt";
    refused(embed(all, "--input", a.toString()), a.toString(), "twice", all + " and " + a);
    refused(embed(a + "," + a), a.toString(), "twice", a + " and " + a);
    refused(embed(directory + "/in,file:" + a), a.toString(), "twice");
    refused(embed(directory + "/{in,in/a.txt}"), a.toString(), "twice");
  }

  @Test
  void partitionedDirectoriesBesideEachOther() {
    for (String month : List.of("jan", "feb")) {
      file(month + "/day=1/a.txt", month + " 1\n");
      file(month + "/day=2/a.txt", month + " 2\n");
      file("all/month=" + month + "/day=1/a.txt", month + "\n");
    }
    refused(
        embed(directory.resolve("jan") + "," + directory.resolve("feb")),
        "input: ",
        directory.resolve("jan").toString(),
        directory.resolve("feb").toString(),
        "--read-option basePath=");
    String months = directory + "/all/month=jan," + directory + "/all/month=feb";
    refused(embed(months), "--read-option basePath=");
    assertThat(embedded(months, "--read-option", "basePath=" + directory.resolve("all")))
        .containsExactlyInAnyOrder("jan", "feb");
    assertThat(LocalSpark.session().read().parquet(output().toString()).columns())
        .contains("month", "day");
  }

  @Test
  void partitionsOfDifferentColumnsAreRefused() {
    file("in/lang=en/a.txt", "a\n");
    file("in/day=1/b.txt", "b\n");
    refused(embed(directory.resolve("in")), "input: ", "lang", "day");
  }

  @Test
  void theFormatMayBeSaid() {
    Path in = file("in.data", "text\nhello\n");
    refused(embed(in), "in.data", "set format to one of parquet, orc, json, csv, tsv, text");
    assertThat(embedded(in, "--format", "CSV")).containsExactly("hello");
    assertThat(embedded(in, "--format", "txt", "--mode", "overwrite"))
        .containsExactlyInAnyOrder("text", "hello");
  }

  @Test
  void mixedFormatsAreRefused() {
    file("in/a.txt", "a\n");
    file("in/b.csv", "text\nb\n");
    Path other = file("c.jsonl", "{\"text\": \"c\"}\n");
    refused(embed(directory.resolve("in")), "different formats", "a.txt", "b.csv");
    refused(embed(directory + "/in/*"), "different formats");
    refused(embed(directory + "/in/a.txt," + other), "different formats", "c.jsonl");
    file("README", "not data");
    refused(embed(directory + "/*"), "cannot tell the format");
  }

  @Test
  void whatIsNotThereIsSaid() throws IOException {
    refused(embed(directory.resolve("gone.csv")), "nothing found", "gone.csv");
    refused(embed(directory + "/*.csv"), "nothing found");
    refused(embed(""), "input");
    refused(embed(" , "), "input");
    Files.createDirectories(directory.resolve("empty/inside"));
    refused(embed(directory.resolve("empty")), "no data file");
    Path in = file("a.txt", "a\n");
    refused(embed(in + "," + directory.resolve("gone.txt")), "gone.txt");
  }

  @Test
  void aHiddenFileIsNotTakenForNothing() {
    // Spark passes over these names and would find no row.
    refused(embed(file("_notes.txt", "a\n")), "_notes.txt");
    refused(embed(file(".notes.txt", "a\n")), ".notes.txt");
  }

  @Test
  void anOutputThatHoldsTheInputIsRefused() {
    Path in = file("data/day1/in.txt", "precious\n");
    for (Path output : List.of(directory, directory.resolve("data"), in.getParent(), in)) {
      for (String mode : List.of("overwrite", "append")) {
        JobRun run =
            JobRun.embed("--model", model, "--input", in, "--output", output, "--mode", mode);
        assertThat(run.exitCode()).isEqualTo(ExitCode.BAD_USAGE);
        assertThat(run.error()).contains("holds the input");
        assertThat(in).hasContent("precious");
      }
    }
  }

  @Test
  void aMissingColumnListsTheOthers() {
    Path in = file("in.csv", "id,body\n1,x\n");
    refused(embed(in), "'text'", "id, body");
    refused(embed(in, "--text-col", "body", "--id-col", "key"), "id-col", "'key'", "id, body");
    refused(embed(file("empty.jsonl", "")), "'text'");
    refused(embed(file("n.jsonl", "{\"text\": 5}\n")), "bigint");
  }

  @Test
  void csvFilesWithColumnsInAnotherOrderAreNotMixedUp() {
    file("in/a.csv", "id,text\n1,one\n");
    file("in/b.csv", "text,id\ntwo,2\n");
    embed(directory.resolve("in")).assertRefused("in/b.csv", "header");
  }

  @ParameterizedTest
  @CsvSource({
    "in.jsonl, '{\"text\": \"a\"}\n{\"text\": \"torn\n{\"text\": \"b\"}\n'",
    "in.json, '[\n  {\"text\": \"a\"},\n  {\"text\": \"b\"}\n]\n'",
    "in.csv, 'id,text\n1,a\n2\n'",
    "in.tsv, 'id\ttext\n1\ta\n2\tb\tc\n'"
  })
  void aMalformedRowFailsTheJob(String name, String contents) {
    JobRun run = embed(file(name, contents));
    assertThat(run.exitCode()).as(run.err()).isEqualTo(ExitCode.BAD_USAGE);
    assertThat(run.error()).containsIgnoringCase("malformed record").doesNotContain("Job aborted");
    assertThat(output().resolve("_SUCCESS")).doesNotExist();
  }

  @ParameterizedTest
  @CsvSource({"in.csv,'id,text\n'", "in.txt,''", "in.tsv,'text\n'"})
  void noRowsGiveNoRows(String name, String contents) {
    assertThat(embedded(file(name, contents))).isEmpty();
    assertThat(LocalSpark.session().read().parquet(output().toString()).columns())
        .contains("embedding", "status");
  }

  @Test
  void aParquetFileOfNoRows() {
    Path in = directory.resolve("in");
    LocalSpark.texts(1, List.of()).write().parquet(in.toString());
    assertThat(embedded(in)).isEmpty();
  }

  @Test
  void aFileReachedByALinkIsRefused() throws IOException {
    Path a = file("in/a.txt", "a\n");
    Path link = Files.createSymbolicLink(directory.resolve("in/b.txt"), a);
    refused(embed(directory.resolve("in")), "in/a.txt", "in/b.txt", "link");
    refused(embed(a + "," + link), "in/a.txt", "in/b.txt", "link");
    assertThat(embedded(link)).containsExactly("a");
    Files.delete(link);
    Path folder = Files.createSymbolicLink(directory.resolve("other"), directory.resolve("in"));
    embed(a + "," + folder, "--mode", "overwrite").assertRefused("in/a.txt", "other/a.txt", "link");
    Files.createSymbolicLink(directory.resolve("in/round"), directory.resolve("in"));
    JobRun round = embed(directory.resolve("in"), "--mode", "overwrite");
    round.assertRefused("in/round", "link");
  }

  @Test
  void aColumnWhoseNameHoldsACommaIsNamedInBackticks() {
    Path in = file("in.jsonl", "{\"id\": 1, \"text\": \"a\", \"b,c\": 1, \"d`\": 2, \"e\": 3}\n");
    embed(in, "--columns", "`b,c`, d`").assertDone();
    assertThat(LocalSpark.session().read().parquet(output().toString()).columns())
        .contains("id", "text", "b,c", "d`")
        .doesNotContain("e");
    embed(in, "--columns", "`b,c`,`d```", "--mode", "overwrite").assertDone();
    assertThat(LocalSpark.session().read().parquet(output().toString()).columns())
        .contains("b,c", "d`")
        .doesNotContain("e");
  }
}
