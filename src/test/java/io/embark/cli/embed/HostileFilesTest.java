package io.embark.cli.embed;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_16;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.embark.UserError;
import io.embark.cli.ExitCode;
import io.embark.cli.JobSettings;
import io.embark.input.gate.ChangedInput;
import io.embark.input.gate.GatedReader;
import io.embark.input.gate.Options;
import io.embark.input.gate.UnreadableInput;
import io.embark.testing.LocalSpark;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.io.compress.BZip2Codec;
import org.apache.hadoop.io.compress.CompressionCodec;
import org.apache.hadoop.io.compress.DefaultCodec;
import org.apache.spark.paths.SparkPath;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.execution.datasources.PartitionedFile;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

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
      String[] error,
      String input) {
    @Override
    public String toString() {
      return name;
    }

    Case with(String file, byte[] contents) {
      Map<String, byte[]> more = new HashMap<>(files);
      more.put(file, contents);
      return new Case(name, more, flags, rows, error, input);
    }

    Case with(String file, String contents) {
      return with(file, contents.getBytes(UTF_8));
    }

    Case flags(String... more) {
      return new Case(name, files, List.of(more), rows, error, input);
    }

    /** Names one of the files as the input, beside which the others lie. */
    Case only(String file) {
      return new Case(name, files, flags, rows, error, file);
    }

    /** Whose refusal names the column and not the file. */
    Case unnamed() {
      String[] others = Arrays.copyOf(error, error.length - 1);
      return new Case(name, files, flags, rows, others, files.keySet().iterator().next());
    }

    /** With so many files in all. */
    Case many(int count, byte[] contents) {
      Case all = this;
      for (int i = files.size(); i < count; i++) {
        all = all.with("f%d.jsonl".formatted(i), contents);
      }
      return all;
    }
  }

  private static Case read(String name, String file, String contents, String... rows) {
    return read(name, file, contents.getBytes(UTF_8), rows);
  }

  private static Case read(String name, String file, byte[] contents, String... rows) {
    return new Case(name, Map.of(file, contents), List.of(), List.of(rows), null, null);
  }

  private static Case refused(String name, String file, String contents, String... error) {
    return refused(name, file, contents.getBytes(UTF_8), error);
  }

  private static Case refused(String name, String file, byte[] contents, String... error) {
    String[] all = Arrays.copyOf(error, error.length + 1);
    all[error.length] = file;
    return new Case(name, Map.of(file, contents), List.of(), null, all, null);
  }

  private static final String[] MULTI_LINE = {"--read-option", "multiLine=true"};
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
        refused("a line that is a number", "in.jsonl", GOOD + "7\n" + two, "line 2"),
        refused("a line that is a text", "in.jsonl", "\"x\"\n" + GOOD, "line 1"),
        refused("a line that is null", "in.jsonl", GOOD + "null\n" + two, "line 2"),
        refused("an array of numbers", "in.jsonl", GOOD + two + "\n[1, 2]\n", "line 3"),
        refused("an array with a null", "in.jsonl", GOOD + "[null, " + two + "]", "line 2"),
        read(
            "halves of surrogate pairs",
            "in.jsonl",
            "{\"id\": \"a\", \"text\": \"x\\ud800y\"}\n{\"id\": \"b\", \"text\": \"\\ude00\\ud83d\\ude00\"}",
            "a=x\ufffdy",
            "b=\ufffd\ud83d\ude00"),
        read(
            "half of a surrogate pair in a key",
            "in.jsonl",
            "{\"id\": \"a\", \"text\": \"x\", \"k\\ud800\": {\"\\ude00\": 1}}",
            "a=x"),
        refused(
            "halves of surrogate pairs that make two keys one",
            "in.jsonl",
            GOOD + "{\"id\": \"a\", \"text\": \"x\", \"\\ud800\": 1, \"\\ud801\": 2}",
            "line 2",
            "Duplicate field"),
        refused(
            "half of a surrogate pair in an id",
            "in.jsonl",
            "{\"id\": \"\\ud800\", \"text\": \"x\"}\n{\"id\": \"\\ud801\", \"text\": \"y\"}",
            "'id'",
            "U+FFFD"),
        read(
            "decimals in arrays as ids",
            "in.jsonl",
            "{\"id\": [9007199254740993, 0.5], \"text\": \"x\"}\n{\"id\": [9007199254740992, 1.10], \"text\": \"y\"}",
            "[9007199254740992,1.10]=y",
            "[9007199254740993,0.5]=x"),
        read(
            "decimals in structures as ids",
            "in.jsonl",
            "{\"id\": {\"a\": 1.10}, \"text\": \"x\"}\n{\"id\": {\"a\": 1.1}, \"text\": \"y\"}",
            "{\"a\":1.10}=x",
            "{\"a\":1.1}=y"),
        read("a file is a record", "in.json", "{\"id\": \"a\",\n\"text\": \"one\"}\n", "a=one")
            .flags(MULTI_LINE),
        refused("a second record in a file", "in.json", GOOD + two, "line 2").flags(MULTI_LINE),
        refused(
                "a key twice in a file",
                "in.json",
                "{\"id\": 1,\n\"text\": \"x\",\n\"id\": 2}",
                "line 3")
            .flags(MULTI_LINE),
        refused("a file that is a number", "in.json", "\n7", "line 2").flags(MULTI_LINE),
        read("a file's name with glob characters", "in[1]{a,b}*?\\.json", GOOD, "a=one")
            .with("in1ab.json", "{\"x\": 1}")
            .flags(MULTI_LINE)
            .only("in[1]{a,b}*?\\.json"),
        refused("gzip in capitals", "IN.JSONL.GZ", gzip(GOOD), "small letters"),
        refused("gzip twice", "in.jsonl.gz", gzip(gzip(GOOD)), "gzip"),
        refused("a tar archive", "in.jsonl.gz", gzip(tar(GOOD)), "tar"),
        refused(
            "zstandard without its codec",
            "in.jsonl.zst",
            "(\u00b5/\u00fd...".getBytes(ISO_8859_1),
            "zst"),
        refused(
            "gzip that is cut at once",
            "in.jsonl.gz",
            Arrays.copyOf(gzip(GOOD), 14),
            "cannot be read"),
        read(
                "many files",
                "f0.jsonl",
                GOOD,
                Collections.nCopies(70, "a=one").toArray(String[]::new))
            .many(70, GOOD.getBytes(UTF_8)),
        refused("a fault among many files", "z.jsonl", gzip(GOOD), "gzip")
            .many(70, GOOD.getBytes(UTF_8)),
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
        read("CRLF", "in.csv", rows.replace("\n", "\r\n"), "1=one", "2=two\r\n2,lines", "3=three"),
        read("CR", "in.csv", rows.replace("\n", "\r"), "1=one", "2=two\r2,lines", "3=three"),
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
        refused(
            "a quote that stays open over a blank",
            "in.csv",
            "id,text\n1,\"open\n2,19\" monitor\n3,c\n",
            "line 2"),
        refused(
            "a quote that stays open over tabs",
            "in.csv",
            "id,text\n1,\"open\n2,\"\t \tb\"\n3,c\n",
            "line 2"),
        read(
            "blanks behind quotes",
            "in.csv",
            "id,text\n\"1\" ,\"a\nb\" \t\n2,c\n",
            "1=a\nb",
            "2=c"),
        read("words behind a quote", "in.csv", "id,text\n1,\"a\" b\n2,c\n", "1=\"a\" b", "2=c"),
        read("blank fields", "in.csv", "id,text\n , \n2,c\n", " = ", "2=c"),
        refused(
            "a field too many in what is not read",
            "in.csv",
            "id,text,x\n1,a,p\n2,b,c,q\n",
            "malformed"),
        refused(
                "a field too many, a line a row",
                "in.csv",
                "id,text,x\n1,a,p\n2,b,c,q\n",
                "malformed")
            .flags("--read-option", "multiLine=false"),
        refused("a field too few, a line a row", "in.csv", "id,text,x\n1,a,p\n2,b\n", "malformed")
            .flags("--read-option", "multiLine=false"),
        read(
                "a file's name with glob characters",
                "in[1]{a,b}*?\\.csv",
                "id,text|1,a|2,b",
                "1=a",
                "2=b")
            .with("in1ab.csv", "x,y|3,a")
            .flags("--read-option", "lineSep=|")
            .only("in[1]{a,b}*?\\.csv"),
        refused("a name in two cases", "in.csv", "id,text,Text\n1,a,b\n", "text").unnamed(),
        refused(
            "gzip that is cut at once",
            "in.csv.gz",
            Arrays.copyOf(gzip(rows), 14),
            "cannot be read"),
        refused(
                "gzip that is cut at once, with types",
                "b.csv.gz",
                Arrays.copyOf(gzip(rows), 14),
                "cannot be read")
            .with("a.csv", rows)
            .flags("--read-option", "inferSchema=true"),
        refused(
                "gzip that is cut late, with types",
                "b.csv.gz",
                cut(gzip(noise())),
                "cannot be read")
            .with("a.csv", rows)
            .flags("--read-option", "inferSchema=true"),
        refused(
            "zstandard without its codec",
            "in.csv.zst",
            "(\u00b5/\u00fd...".getBytes(ISO_8859_1),
            "zst"),
        refused(
            "bytes that are no UTF-8 in an id",
            "in.csv",
            "id,text\n\u00ff,a\n\u00fe,b\n".getBytes(ISO_8859_1),
            "'id'",
            "U+FFFD"),
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
        read("a sign of the byte order", "in.tsv", "\ufeff" + rows, "1=one", "2=\"two"),
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
        refused(
            "a field too many in what is not read",
            "in.tsv",
            "id\ttext\tx\n1\ta\tp\n2\tb\tc\tq\n",
            "malformed"),
        refused(
            "a field too few in what is not read",
            "in.tsv",
            "id\ttext\tx\n1\ta\tp\n2\tb\n",
            "malformed"),
        read(
            "blank fields",
            "in.tsv",
            "id\ttext\n1\ta\n\t\n \t \n\n2\tb\n",
            " = ",
            "1=a",
            "2=b",
            "null=null"),
        read("a comment", "in.tsv", "#c\nid\ttext\n#\tc\n1\ta\n", "1=a")
            .flags("--read-option", "comment=#"),
        refused("a name in two cases", "in.tsv", "id\ttext\tText\n1\ta\tb\n", "text").unnamed(),
        refused(
            "gzip that is cut at once",
            "in.tsv.gz",
            Arrays.copyOf(gzip(rows), 14),
            "cannot be read"),
        refused(
                "gzip that is cut late, with types",
                "b.tsv.gz",
                cut(gzip(noise().replace(",", "\t"))),
                "cannot be read")
            .with("a.tsv", rows)
            .flags("--read-option", "inferSchema=true"),
        read("a name with glob characters", "in[1].tsv", rows, "1=one", "2=\"two"),
        read("types", "in.tsv", "id\ttext\n07\ta\n7\tb\n", "07=a", "7=b")
            .flags("--read-option", "inferSchema=true"),
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
        refused("gzip in capitals", "IN.TXT.GZ", gzip("one\n"), "small letters"),
        refused("gzip twice", "in.txt.gz", gzip(gzip("one\n")), "gzip"),
        refused(
            "Parquet in gzip",
            "in.txt.gz",
            gzip("PAR1\u0015\u0004\u0015 and so on PAR1"),
            "Parquet"),
        refused("UTF-16 in gzip", "in.txt.gz", gzip("one\n".getBytes(UTF_16)), "UTF-16"),
        refused("a tar archive", "in.txt", tar("one\n"), "tar"),
        read("words in gzip", "in.txt.gz", gzip("PAR1 is here\n"), "null=PAR1 is here"),
        read("bzip2", "in.txt.bz2", packed(new BZip2Codec(), "one\n"), "null=one"),
        read("deflate", "in.txt.deflate", packed(new DefaultCodec(), "one\n"), "null=one"),
        refused(
            "bzip2 that is cut",
            "in.txt.bz2",
            cut(packed(new BZip2Codec(), noise())),
            "cannot be read"),
        refused(
            "deflate that is cut",
            "in.txt.deflate",
            cut(packed(new DefaultCodec(), noise())),
            "cannot be read"),
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
    String name = each.files().size() == 1 ? each.files().keySet().iterator().next() : "in,b.jsonl";
    Path input = single ? directory.resolve(name) : directory;
    if (each.input() != null) {
      input = directory.resolve(each.input());
    }
    if (each.rows() == null) {
      Path refused = input;
      Throwable e = catchThrowable(() -> rows(refused, flags));
      assertThat(e).as("nothing was refused").isNotNull();
      assertThat(ExitCode.of(e)).as(e.toString()).isEqualTo(ExitCode.BAD_USAGE);
      assertThat(said(e)).contains(each.error());
    } else {
      assertThat(rows(input, flags)).containsExactlyElementsOf(each.rows());
    }
  }

  private static List<String> rows(Path input, List<String> flags) throws IOException {
    SparkSession spark = LocalSpark.session();
    JobSettings settings = settings(flags);
    TextInput in =
        TextInput.of(input.toString(), settings, spark.sparkContext().hadoopConfiguration());
    Dataset<Row> rows = in.read(spark, settings);
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
    return causes(e)
        .filter(
            cause ->
                cause instanceof UserError
                    || cause instanceof UnreadableInput
                    || cause instanceof AnalysisException)
        .map(Throwable::getMessage)
        .findFirst()
        .orElseThrow();
  }

  private static byte[] gzip(String text) {
    return gzip(text.getBytes(UTF_8));
  }

  private static byte[] gzip(byte[] text) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
      out.write(text);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return bytes.toByteArray();
  }

  private static byte[] packed(DefaultCodec codec, String text) {
    codec.setConf(new Configuration());
    return packed((CompressionCodec) codec, text);
  }

  private static byte[] packed(CompressionCodec codec, String text) {
    if (codec instanceof BZip2Codec bzip2) {
      bzip2.setConf(new Configuration());
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (OutputStream out = codec.createOutputStream(bytes)) {
      out.write(text.getBytes(UTF_8));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return bytes.toByteArray();
  }

  /** Rows of CSV that do not pack well. */
  private static String noise() {
    Random random = new Random(1);
    StringBuilder rows = new StringBuilder("id,text\n");
    for (int i = 0; i < 20_000; i++) {
      rows.append(i).append(',').append(random.nextLong()).append('\n');
    }
    return rows.toString();
  }

  /** The first block of an archive, and a file. */
  private static byte[] tar(String text) {
    byte[] all = Arrays.copyOf("in.txt".getBytes(UTF_8), 1024);
    System.arraycopy("ustar".getBytes(UTF_8), 0, all, 257, 5);
    System.arraycopy(text.getBytes(UTF_8), 0, all, 512, text.length());
    return all;
  }

  private static byte[] cut(byte[] bytes) {
    return Arrays.copyOf(bytes, bytes.length * 2 / 3);
  }

  private static byte[] turned(byte[] bytes) {
    bytes[bytes.length / 2] ^= 16;
    return bytes;
  }

  @ParameterizedTest
  @ValueSource(strings = {"grown", "replaced", "touched", "gone", "cut"})
  void aFileThatChangesBehindTheListing(String change) throws IOException {
    for (String name : List.of("in.jsonl", "in.csv", "in.tsv", "in.txt")) {
      Path file = directory.resolve(name);
      String header =
          name.endsWith("l") ? "" : "id\ttext\n".replace('\t', name.endsWith("tsv") ? '\t' : ',');
      String row = name.endsWith("l") ? GOOD : header.isEmpty() ? "a" : header.replace("id", "1");
      Files.writeString(file, header + row);
      SparkSession spark = LocalSpark.session();
      TextInput in =
          TextInput.of(
              file.toString(), settings(List.of()), spark.sparkContext().hadoopConfiguration());
      Dataset<Row> rows = in.read(spark, settings(List.of()));
      switch (change) {
        case "grown" -> Files.writeString(file, header + row + row);
        case "replaced" -> {
          Files.writeString(directory.resolve("new"), header + row);
          Files.setLastModifiedTime(directory.resolve("new"), FileTime.fromMillis(1_000_000));
          Files.move(directory.resolve("new"), file, StandardCopyOption.REPLACE_EXISTING);
        }
        case "touched" -> Files.setLastModifiedTime(file, FileTime.fromMillis(1_000_000));
        case "gone" -> Files.delete(file);
        default -> Files.writeString(file, "");
      }
      Throwable e = catchThrowable(rows::collectAsList);
      assertThat(e).as(name).isNotNull();
      assertThat(ExitCode.of(e)).as(e.toString()).isEqualTo(ExitCode.FAILED);
      assertThat(causes(e)).anyMatch(ChangedInput.class::isInstance);
    }
  }

  /** What a reader then cannot decode is not the file's fault, and another run reads it. */
  @Test
  void aFileWrittenAnewWhileItIsReadIsNoDamage() throws IOException {
    Path file = Files.write(directory.resolve("in.txt.gz"), gzip(noise()));
    SparkSession spark = LocalSpark.session();
    var hadoop = spark.sparkContext().hadoopConfiguration();
    var status =
        new org.apache.hadoop.fs.Path(file.toUri())
            .getFileSystem(hadoop)
            .getFileStatus(new org.apache.hadoop.fs.Path(file.toUri()));
    for (boolean written : new boolean[] {false, true}) {
      GatedReader reader =
          new GatedReader(
              Options.broadcast(spark, hadoop),
              part -> {
                if (written) {
                  assertThat(file.toFile().setLastModified(1_000_000)).isTrue();
                }
                throw new UnreadableInput(part.toPath(), "odd", null);
              });
      PartitionedFile part =
          new PartitionedFile(
              InternalRow.empty(),
              SparkPath.fromFileStatus(status),
              0,
              status.getLen(),
              new String[0],
              status.getModificationTime(),
              status.getLen(),
              scala.collection.immutable.Map$.MODULE$.empty());
      assertThatThrownBy(() -> reader.apply(part))
          .isInstanceOf(written ? ChangedInput.class : UnreadableInput.class)
          .hasMessageContaining("in.txt.gz");
    }
  }

  private static JobSettings settings(List<String> flags) throws IOException {
    return JobSettings.of(
        new EmbedCommand().commandLine().parseArgs(flags.toArray(String[]::new)),
        JobSettings.all(EmbedSettings.ALL));
  }

  private static Stream<Throwable> causes(Throwable e) {
    return Stream.iterate(e, Objects::nonNull, Throwable::getCause);
  }
}
