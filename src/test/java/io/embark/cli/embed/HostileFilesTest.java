package io.embark.cli.embed;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_16;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.embark.UserError;
import io.embark.cli.ExitCode;
import io.embark.cli.JobSettings;
import io.embark.input.gate.UnreadableInput;
import io.embark.testing.LocalSpark;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Formats and faults: each file is read exactly, or refused with its name and the place. Nothing
 * comes out otherwise than it stands in the file.
 */
@Timeout(240)
class HostileFilesTest {
  @TempDir Path directory;

  /**
   * @param files contents by name
   * @param flags of the command line, after --input
   * @param rows as {@code id=text}, in order; null if the files are refused
   * @param error what the sentence says
   */
  record Case(
      String name,
      Map<String, byte[]> files,
      List<String> flags,
      List<String> rows,
      String[] error) {
    @Override
    public String toString() {
      return name;
    }

    Case with(String file, byte[] contents) {
      Map<String, byte[]> more = new HashMap<>(files);
      more.put(file, contents);
      return new Case(name, more, flags, rows, error);
    }

    Case with(String file, String contents) {
      return with(file, contents.getBytes(UTF_8));
    }

    Case flags(String... more) {
      return new Case(name, files, List.of(more), rows, error);
    }
  }

  private static Case read(String name, String file, String contents, String... rows) {
    return read(name, file, contents.getBytes(UTF_8), rows);
  }

  private static Case read(String name, String file, byte[] contents, String... rows) {
    return new Case(name, Map.of(file, contents), List.of(), List.of(rows), null);
  }

  private static Case refused(String name, String file, String contents, String... error) {
    return refused(name, file, contents.getBytes(UTF_8), error);
  }

  private static Case refused(String name, String file, byte[] contents, String... error) {
    String[] all = Arrays.copyOf(error, error.length + 1);
    all[error.length] = file;
    return new Case(name, Map.of(file, contents), List.of(), null, all);
  }

  private static final String GOOD = "{\"id\": \"a\", \"text\": \"one\"}\n";

  static Stream<Case> json() {
    String two = "{\"id\": \"b\", \"text\": \"two\"}";
    return Stream.of(
        read("a record a line", "in.jsonl", GOOD + two, "a=one", "b=two"),
        read("blank lines", "in.jsonl", "\n" + GOOD + "\n \t\n" + two + "\n\n", "a=one", "b=two"),
        read("all line ends", "in.jsonl", GOOD.strip() + "\r\n" + two + "\r", "a=one", "b=two"),
        read(
            "an array of records",
            "in.jsonl",
            "[" + GOOD.strip() + "," + two + "]",
            "a=one",
            "b=two"),
        refused("two records a line", "in.jsonl", GOOD + GOOD.strip() + " " + two, "line 2"),
        refused("fifty records a line", "in.jsonl", GOOD.strip().repeat(50), "line 1"),
        refused("words after a record", "in.jsonl", GOOD + two + " and so on", "line 2"),
        refused("a number after a record", "in.jsonl", two + " 7", "line 1"),
        refused("a comma after a record", "in.jsonl", GOOD + two + ",", "line 2"),
        refused("an array after an array", "in.jsonl", "[" + two + "][" + two + "]", "line 1"),
        refused(
            "a key twice",
            "in.jsonl",
            GOOD + "{\"id\": 1, \"text\": \"x\", \"id\": 2}",
            "line 2",
            "id"),
        refused(
            "a key twice, escaped",
            "in.jsonl",
            "{\"id\": 1, \"i\\u0064\": 2, \"text\": \"x\"}",
            "line 1"),
        refused(
            "a key twice below",
            "in.jsonl",
            GOOD + "{\"m\": {\"k\": 1, \"k\": 2}, \"text\": \"x\"}",
            "line 2"),
        refused("a torn record", "in.jsonl", GOOD + "{\"id\": \"b\", \"te", "line 2"),
        refused("a torn record within", "in.jsonl", "{\"id\": \"b\"\n" + GOOD, "line 1"),
        refused(
            "a control character",
            "in.jsonl",
            GOOD + "{\"id\": \"b\", \"text\": \"a\tb\"}",
            "line 2"),
        refused("no JSON at all", "in.jsonl", "id,text\n1,a\n", "line 1"),
        refused(
            "bytes that are no UTF-8",
            "in.jsonl",
            "{\"id\": \"b\", \"text\": \"\u00ff\u00fe\"}".getBytes(ISO_8859_1),
            "line 1"),
        refused("a fault in the second file", "b.jsonl", GOOD + "x", "line 2")
            .with("a.jsonl", GOOD)
            .with("c.jsonl", GOOD),
        read(
            "large ids",
            "in.jsonl",
            "{\"id\": 9007199254740993, \"text\": \"x\"}\n{\"id\": 9007199254740992, \"text\": \"y\"}",
            "9007199254740992=y",
            "9007199254740993=x"),
        read(
            "large ids beside a decimal",
            "in.jsonl",
            "{\"id\": 9007199254740993, \"text\": \"x\"}\n{\"id\": 9007199254740992, \"text\": \"y\"}\n{\"id\": 0.5, \"text\": \"z\"}",
            "0.5=z",
            "9007199254740992=y",
            "9007199254740993=x"),
        read(
            "ids beyond 64 bits beside a decimal",
            "in.jsonl",
            "{\"id\": 123456789012345678901234567890123456789012, \"text\": \"x\"}\n{\"id\": 1e2, \"text\": \"y\"}",
            "123456789012345678901234567890123456789012=x",
            "1e2=y"),
        read(
            "decimals as ids",
            "in.jsonl",
            "{\"id\": 1.10, \"text\": \"x\"}\n{\"id\": 1.1, \"text\": \"y\"}",
            "1.10=x",
            "1.1=y"),
        read(
            "ids of words and numbers",
            "in.jsonl",
            "{\"id\": 1.50, \"text\": \"x\"}\n{\"id\": \"w\", \"text\": \"y\"}",
            "1.50=x",
            "w=y"),
        read(
            "numbers as texts",
            "in.jsonl",
            "{\"id\": \"a\", \"text\": 1.10}\n{\"id\": \"b\", \"text\": \"word\"}\n{\"id\": \"c\", \"text\": 12345678901234567890.12345678901234567890}",
            "a=1.10",
            "b=word",
            "c=12345678901234567890.12345678901234567890"),
        read(
            "numbers in a structure as text",
            "in.jsonl",
            "{\"id\": \"a\", \"text\": {\"n\": [1.10, 2e5, \"q\"]}}\n{\"id\": \"b\", \"text\": \"word\"}",
            "a={\"n\":[1.10,2e5,\"q\"]}",
            "b=word"),
        read("a decimal without id-col", "in.jsonl", "{\"id\": \"a\", \"text\": 0.10}", "a=0.10"),
        refused("gzip by another name", "in.jsonl", gzip(GOOD), "gzip", ".gz"),
        read("gzip", "in.jsonl.gz", gzip(GOOD), "a=one"),
        refused("gzip that is cut", "in.jsonl.gz", cut(gzip(GOOD.repeat(5000))), "cannot be read"),
        refused(
            "gzip with a bit turned",
            "in.jsonl.gz",
            turned(gzip(GOOD.repeat(5000))),
            "cannot be read"),
        refused("plain by the name of gzip", "in.jsonl.gz", GOOD, "gzip"),
        read("a name with glob characters", "in[1]{a,b}*?.jsonl", GOOD, "a=one"),
        read("a name with a comma", "in,b.jsonl", GOOD, "a=one").with("in", "no"),
        read("markers beside it", "in.jsonl", GOOD, "a=one")
            .with("in2.jsonl._COPYING_", "{")
            .with("x_$folder$", "")
            .with("empty.jsonl", "")
            .with("done.flag", ""));
  }

  static Stream<Case> csv() {
    String rows = "id,text\n1,\"one\"\n2,\"two\n2,lines\"\n3,three\n";
    return Stream.of(
        read("quotes", "in.csv", rows, "1=one", "2=two\n2,lines", "3=three"),
        read("CRLF", "in.csv", rows.replace("\n", "\r\n"), "1=one", "2=two\n2,lines", "3=three"),
        read("CR", "in.csv", rows.replace("\n", "\r"), "1=one", "2=two\n2,lines", "3=three"),
        read(
            "a header that ends otherwise",
            "in.csv",
            "text,id\r\none,1\ntwo,2\n",
            "1=one",
            "2=two"),
        read("rows that end otherwise", "in.csv", "text,id\none,1\r\ntwo,2\n", "1=one", "2=two"),
        read("CRLF in quotes among LF", "in.csv", "text,id\n\"a\r\nb\",1\n", "1=a\r\nb"),
        read(
            "CRLF in the header's quotes",
            "in.csv",
            "\"te\r\nxt\",text,id\n,a,1\n,b,2\n",
            "1=a",
            "2=b"),
        read("no end of line", "in.csv", "id,text\n1,a", "1=a"),
        read("ends in CR", "in.csv", "id,text\r\n1,a\r", "1=a"),
        read(
            "a quote within",
            "in.csv",
            "id,text\n1,5\" pipe\n2,a \"b\" c\n",
            "1=5\" pipe",
            "2=a \"b\" c"),
        read(
            "doubled quotes",
            "in.csv",
            "id,text\n1,\"a \"\"b\"\"\"\n2,\"\"\"\"\n",
            "1=a \"b\"",
            "2=\""),
        refused(
            "a quote that stays open", "in.csv", "id,text\n1,a\n2,\"open\n3,c\n4,d\n", "line 3"),
        refused(
            "a quote that stays open in CRLF",
            "in.csv",
            "id,text\r\n1,a\r\n2,\"open\r\n3,c\r\n",
            "line 3"),
        refused(
            "a quote opened, one closed later",
            "in.csv",
            "id,text\n1,\"open\n2,\"b\"\n3,\"c\"\n",
            "line 2"),
        refused("a quote open in the last row", "in.csv", "id,text\n1,a\n2,\"", "line 3"),
        refused("a quote open in the header", "in.csv", "id,\"text\n1,a\n", "line 1"),
        refused(
                "a very long field of lines",
                "in.csv",
                "id,text\n1,\"" + "line\n".repeat(300) + "\"\n",
                "line 2")
            .flags("--read-option", "maxQuotedChars=1000"),
        read(
            "a long field of lines",
            "in.csv",
            "id,text\n1,\"" + "line\n".repeat(300) + "\"\n",
            "1=" + "line\n".repeat(300)),
        refused("a quote open in the second file", "b.csv", "id,text\n1,\"open\n", "line 2")
            .with("a.csv", rows)
            .with("c.csv", rows),
        refused("a field too many", "in.csv", "id,text\n1,a\n2,b,c\n", "malformed"),
        refused("a field too few", "in.csv", "id,text\n1,a\n2\n", "malformed"),
        refused("headers that differ", "b.csv", "text,id\na,1\n", "header").with("a.csv", rows),
        refused("gzip by another name", "in.csv", gzip(rows), "gzip"),
        read("gzip", "in.csv.gz", gzip(rows), "1=one", "2=two\n2,lines", "3=three"),
        refused(
            "gzip that is cut",
            "in.csv.gz",
            cut(gzip(rows + "4,abcdefgh\n".repeat(9000))),
            "cannot be read"),
        refused("UTF-16 without a word", "in.csv", rows.getBytes(UTF_16), "UTF-16"),
        read("UTF-16", "in.csv", rows.getBytes(UTF_16), "1=one", "2=two\n2,lines", "3=three")
            .flags("--read-option", "encoding=UTF-16"),
        read(
            "a sign of the byte order",
            "in.csv",
            "\ufeff" + rows,
            "1=one",
            "2=two\n2,lines",
            "3=three"),
        read("ids with zeros in front", "in.csv", "id,text\n007,a\n7,b\n", "007=a", "7=b")
            .flags("--read-option", "inferSchema=true"),
        read("ids with zeros behind", "in.csv", "id,text\n1.10,a\n1.1,b\n", "1.10=a", "1.1=b")
            .flags("--read-option", "inferSchema=true"),
        read("a semicolon", "in.csv", "id;text\n1;\"a;\nb\"\n", "1=a;\nb")
            .flags("--read-option", "sep=;"),
        read(
            "bytes that are no UTF-8",
            "in.csv",
            "id,text\n1,a\u00ffb\n".getBytes(ISO_8859_1),
            "1=a\ufffdb"));
  }

  static Stream<Case> tsv() {
    String rows = "id\ttext\n1\tone\n2\t\"two\n";
    return Stream.of(
        read("quotes are characters", "in.tsv", rows, "1=one", "2=\"two"),
        read("CRLF", "in.tsv", rows.replace("\n", "\r\n"), "1=one", "2=\"two"),
        read(
            "a header that ends otherwise",
            "in.tsv",
            "text\tid\r\none\t1\ntwo\t2\n",
            "1=one",
            "2=two"),
        read(
            "NUL in front",
            "in.tsv",
            "id\ttext\n1\t\u0000a\n2\tb\u0000\n3\t\u0000\u0000\n",
            "1=\u0000a",
            "2=b\u0000",
            "3=\u0000\u0000"),
        refused("a field too many", "in.tsv", rows + "3\ta\tb\n", "malformed"),
        refused("a field too few", "in.tsv", rows + "3\n", "malformed"),
        refused("headers that differ", "b.tsv", "text\tid\na\t1\n", "header").with("a.tsv", rows),
        refused("gzip by another name", "in.tsv", gzip(rows), "gzip"),
        refused("gzip that is cut", "in.tsv.gz", cut(gzip(rows.repeat(5000))), "cannot be read"));
  }

  static Stream<Case> text() {
    return Stream.of(
        read("lines", "in.txt", "one\n\ntwo", "null=", "null=one", "null=two"),
        read(
            "all line ends", "in.txt", "one\r\ntwo\rthree\n", "null=one", "null=three", "null=two"),
        read("JSON is text too", "in.txt", "{\"a\": 1} {\"b\": 2}\n", "null={\"a\": 1} {\"b\": 2}"),
        read(
            "the names of formats",
            "in.txt",
            "PAR1 is here\nORC\nBZh",
            "null=BZh",
            "null=ORC",
            "null=PAR1 is here"),
        read("NUL", "in.txt", "a\u0000b\n", "null=a\u0000b"),
        read(
            "bytes that are no UTF-8",
            "in.txt",
            "a\u00ffb\n".getBytes(ISO_8859_1),
            "null=a\ufffdb"),
        refused("gzip by another name", "in.txt", gzip("one\n"), "gzip"),
        refused("Parquet by another name", "in.txt", "PAR1 and so on PAR1", "Parquet"),
        refused("a zip archive", "in.txt", "PK\u0003\u0004 and so on", "zip"),
        refused("UTF-16", "in.txt", "one\n".getBytes(UTF_16), "UTF-16"),
        refused("plain by the name of gzip", "in.txt.gz", "one\n", "gzip"),
        refused("plain by the name of bzip2", "in.txt.bz2", "one\n", "bzip2"),
        refused(
            "gzip that is cut", "in.txt.gz", cut(gzip("word\n".repeat(9000))), "cannot be read"));
  }

  static Stream<Case> parquet() {
    return Stream.of("parquet", "orc")
        .flatMap(
            format ->
                Stream.of(
                    refused("empty " + format, "in." + format, "", "empty"),
                    refused(
                        "CSV as " + format, "in." + format, "id,text\n1,a\n", "begins otherwise"),
                    refused("gzip as " + format, "in." + format, gzip("a"), "gzip"),
                    refused(
                        "cut " + format,
                        "in." + format,
                        format.equals("orc") ? "ORC and so on" : "PAR1 and so on",
                        "its end is missing")));
  }

  @ParameterizedTest
  @MethodSource({"json", "csv", "tsv", "text", "parquet"})
  void isReadExactlyOrRefused(Case each) throws IOException {
    for (Map.Entry<String, byte[]> file : each.files().entrySet()) {
      Files.write(directory.resolve(file.getKey()), file.getValue());
    }
    List<String> flags = new ArrayList<>(each.flags());
    boolean single = each.files().size() == 1 || each.name().contains("comma");
    String name = each.rows() == null ? each.error()[each.error().length - 1] : "in,b.jsonl";
    String file = each.files().size() == 1 ? each.files().keySet().iterator().next() : name;
    Path input = single ? directory.resolve(file) : directory;
    if (each.rows() == null) {
      Throwable e = catchThrowable(() -> rows(input, flags));
      assertThat(e).as("nothing was refused").isNotNull();
      assertThat(ExitCode.of(e)).as(e.toString()).isEqualTo(ExitCode.BAD_USAGE);
      assertThat(said(e)).contains(each.error());
    } else {
      assertThat(rows(input, flags)).containsExactlyElementsOf(each.rows());
    }
  }

  private static List<String> rows(Path input, List<String> flags) throws IOException {
    SparkSession spark = LocalSpark.session();
    JobSettings settings =
        JobSettings.of(
            new EmbedCommand().commandLine().parseArgs(flags.toArray(String[]::new)),
            JobSettings.all(EmbedSettings.ALL));
    TextInput in =
        TextInput.of(input.toString(), settings, spark.sparkContext().hadoopConfiguration());
    Dataset<Row> rows = in.read(spark, "text", "id");
    boolean ids = List.of(rows.columns()).contains("id");
    return rows
        .select((ids ? rows.col("id") : functions.lit(null)).cast("string"), rows.col("text"))
        .collectAsList()
        .stream()
        .map(row -> row.getString(0) + "=" + row.getString(1))
        .sorted()
        .toList();
  }

  private static String said(Throwable e) {
    return Stream.iterate(e, Objects::nonNull, Throwable::getCause)
        .filter(cause -> cause instanceof UserError || cause instanceof UnreadableInput)
        .map(Throwable::getMessage)
        .findFirst()
        .orElseThrow();
  }

  private static byte[] gzip(String text) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
      out.write(text.getBytes(UTF_8));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return bytes.toByteArray();
  }

  private static byte[] cut(byte[] bytes) {
    return Arrays.copyOf(bytes, bytes.length * 2 / 3);
  }

  private static byte[] turned(byte[] bytes) {
    bytes[bytes.length / 2] ^= 16;
    return bytes;
  }
}
