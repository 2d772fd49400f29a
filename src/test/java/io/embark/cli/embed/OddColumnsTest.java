package io.embark.cli.embed;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.embark.cli.JobRun;
import io.embark.spark.column.Columns;
import io.embark.table.Embark;
import io.embark.testing.Interpreted;
import io.embark.testing.LocalSpark;
import io.embark.testing.TinyModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Names that Embark, Spark or SQL gives a meaning to, for columns of the input: in every mode. */
@Timeout(300)
@Interpreted
class OddColumnsTest {
  /** Those that Embark uses inside, or used. */
  private static final List<String> OURS =
      List.of(
          "embark_id",
          "embark_text",
          "embark_now_id",
          "embark_change",
          "embark_cluster",
          "id",
          "id_",
          "text",
          "text_",
          "now_id",
          "now_",
          "change",
          "assigned",
          "own_cluster",
          "hash",
          "rows",
          "file",
          "rest",
          "failed",
          "kind",
          "not_unique",
          "count",
          "row",
          "query",
          "query_id",
          "query_vector",
          "features",
          "label",
          "vector",
          "t",
          "s");

  /** Those that mean something to Spark, SQL, JSON, Parquet or a format string. */
  private static final List<String> SPECIAL =
      List.of(
          "_metadata",
          "_corrupt_record",
          "file_name",
          "value",
          "a.b",
          "a`b",
          "`",
          "``",
          ".",
          " ",
          " spaces ",
          "quo\"te",
          "it's",
          "new\nline",
          "tab\t",
          "\u0001",
          "*",
          "a.*",
          "${user.name}",
          "%s",
          "a,b",
          "a;b=(c){d}",
          "a/b\\c",
          "über",
          "select",
          "-- x");

  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path directory;
  private Path model;

  @BeforeEach
  void write() {
    model = TinyModels.graph().hiddenSize(4).writeDirectory(directory.resolve("tiny"));
  }

  private Path output() {
    return directory.resolve("out");
  }

  /** One line of JSON for each row. */
  private void input(List<Map<String, Object>> rows) throws IOException {
    List<String> lines = new ArrayList<>();
    for (Map<String, Object> row : rows) {
      lines.add(json(row));
    }
    Files.write(directory.resolve("in.jsonl"), lines);
  }

  private static String json(Object value) throws JsonProcessingException {
    return JSON.writeValueAsString(value);
  }

  /** So many rows with an id, a text and a value for each of the other names. */
  private static List<Map<String, Object>> rows(int count, String id, String text) {
    return rows(count, id, text, Stream.concat(OURS.stream(), SPECIAL.stream()).toList());
  }

  private static List<Map<String, Object>> rows(
      int count, String id, String text, List<String> names) {
    List<Map<String, Object>> rows = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Map<String, Object> row = new LinkedHashMap<>();
      for (String name : names) {
        row.put(name, "%s of row %d".formatted(name, i));
      }
      row.put(id, "r" + i);
      row.put(text, "text " + i);
      rows.add(row);
    }
    return rows;
  }

  private JobRun embed(String id, String text, String... flags) {
    Stream<String> all =
        Stream.of(
            "embed",
            "--device",
            "cpu",
            "--model",
            model.toString(),
            "--input",
            directory.resolve("in.jsonl").toString(),
            "--output",
            output().toString(),
            "--preview",
            "3",
            "--id-col",
            id,
            "--text-col",
            text);
    return JobRun.of(Stream.concat(all, Stream.of(flags)).toArray(String[]::new)).assertDone();
  }

  /** The table's rows, each with the columns of the input only, by id. */
  private Map<String, Map<String, Object>> table(String id, Iterable<String> names) {
    Dataset<Row> table = Embark.read(LocalSpark.session(), output().toString());
    Map<String, Map<String, Object>> found = new TreeMap<>();
    for (Row row : table.collectAsList()) {
      Map<String, Object> values = new LinkedHashMap<>();
      names.forEach(name -> values.put(name, row.getAs(name)));
      assertThat(found.put(row.getAs(id), values)).as("one row for each id").isNull();
    }
    return found;
  }

  private void assertHolds(List<Map<String, Object>> rows, String id) {
    Map<String, Map<String, Object>> wanted = new TreeMap<>();
    rows.forEach(row -> wanted.put((String) row.get(id), row));
    assertThat(table(id, rows.get(0).keySet())).isEqualTo(wanted);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--output-type float",
        "--output-type int8",
        "--dedupe global",
        "--chunk document",
        "--post all-but-the-top:1 --max-lost-tokens 90%"
      })
  void areCarriedThroughWhatever(String flags) throws IOException {
    List<Map<String, Object>> rows = rows(8, "the id", "the text");
    input(rows);
    embed("the id", "the text", flags.split(" "));
    assertHolds(rows, "the id");
    List<Map<String, Object>> more = rows(12, "the id", "the text");
    input(more.subList(8, 12));
    embed("the id", "the text", (flags + " --mode append").split(" "));
    assertHolds(more, "the id");
  }

  @Test
  void areCarriedThroughInRowsForChunks() throws IOException {
    List<Map<String, Object>> rows = rows(4, "the id", "the text");
    input(rows);
    embed("the id", "the text", "--chunk", "rows");
    assertHolds(rows, "the id");
  }

  @ParameterizedTest
  @ValueSource(strings = {"float", "int8"})
  void areComparedAndUpdated(String type) throws IOException {
    String[] flags = {"--mode", "incremental", "--output-type", type, "--sync-deletes"};
    List<Map<String, Object>> rows = rows(8, "the id", "the text");
    input(rows);
    embed("the id", "the text", flags);
    rows.remove(7);
    rows.get(6).put("the text", "another");
    rows.addAll(rows(9, "the id", "the text").subList(8, 9));
    int at = 0;
    // A change in any of the columns is seen; as many as there are rows with the same text.
    for (String name : rows.get(0).keySet()) {
      if (!name.startsWith("the ")) {
        rows.get(at++ % 6).put(name, "other");
      }
    }
    input(rows);
    JobRun run = embed("the id", "the text", flags);
    assertThat(run.out())
        .contains("1 new, 1 changed, 6 with the same text but other columns changed, 1 gone, 0 as");
    assertHolds(rows, "the id");
  }

  @Test
  void oneChangedColumnIsSeenWhateverItsName() throws IOException {
    List<String> names = Stream.concat(OURS.stream(), SPECIAL.stream()).toList();
    List<Map<String, Object>> rows = rows(names.size() + 1, "the id", "the text");
    input(rows);
    embed("the id", "the text", "--mode", "incremental");
    IntStream.range(0, names.size()).forEach(i -> rows.get(i).put(names.get(i), "other"));
    input(rows);
    assertThat(embed("the id", "the text", "--mode", "incremental").out())
        .contains("%d with the same text but other columns changed".formatted(names.size()))
        .contains("1 as they were");
    assertHolds(rows, "the id");
  }

  /** Each name as that of the id or of the text. */
  static Stream<List<String>> pairs() {
    Stream<String> ours =
        Stream.of("embark_id", "embark_now_id", "id_", "now_id", "file", "count", "t", "row");
    List<String> names = Stream.concat(ours, SPECIAL.stream()).toList();
    // Many jobs, so not every name takes both places.
    return IntStream.range(0, names.size() / 2)
        .mapToObj(i -> List.of(names.get(2 * i), names.get(2 * i + 1)));
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void areNamesOfIdAndText(List<String> pair) throws IOException {
    String id = pair.get(0);
    String text = pair.get(1);
    // Beside those, few: it is the columns that take the time here.
    List<Map<String, Object>> rows = rows(4, id, text, List.of("embark_now_id", "t"));
    input(rows);
    String[] flags = {"--mode", "incremental", "--sync-deletes", "--max-deleted-rows", "1"};
    embed(id, text, flags);
    rows.remove(3);
    rows.get(2).put(text, "another");
    rows.get(1)
        .put(
            "embark_now_id".equals(id) || "embark_now_id".equals(text) ? "t" : "embark_now_id",
            "other");
    input(rows);
    assertThat(embed(id, text, flags).out()).contains("0 new, 1 changed, 1 with", "1 gone, 1 as");
    assertHolds(rows, id);
  }

  @Test
  void areSearchedAndGrouped() throws IOException {
    String id = "i.`d";
    String text = "te`x.t";
    List<Map<String, Object>> rows = rows(8, id, text);
    rows.forEach(row -> row.remove("query"));
    rows.forEach(row -> row.put("cluster", "c"));
    rows.forEach(row -> row.put("distance", "d"));
    input(rows);
    embed(
        id, text, "--output-col", "query", "--account-prefix", "a`.${x}", "--output-type", "int8");
    for (String flags :
        List.of("--query\ntext 5", "--queries\n" + output() + "\n--query-col\nquery")) {
      JobRun search =
          JobRun.of(
              Stream.concat(
                      Stream.of("search", "--input", output().toString(), "--id-col", id),
                      Stream.concat(Stream.of("--text-col", text), flags.lines()))
                  .toArray(String[]::new));
      assertThat(search.assertDone().out()).contains("1.0000  \"r5\"  \"text 5\"");
    }
    JobRun.of(
            "cluster",
            "--input",
            output().toString(),
            "--output",
            directory.resolve("groups").toString(),
            "--k",
            "2",
            "--id-col",
            id,
            "--text-col",
            text,
            "--label-col",
            "embark_cluster",
            "--cluster-col",
            "own.`c",
            "--distance-col",
            "own.`d")
        .assertDone();
    Dataset<Row> grouped =
        LocalSpark.session().read().parquet(directory.resolve("groups/rows").toString());
    assertThat(grouped.where(Columns.of(grouped, "own.`c").isNotNull()).count()).isEqualTo(8);
  }

  @Test
  void aFieldOfAStructIsTheTextAndTheId() throws IOException {
    String[] flags = {"--mode", "incremental"};
    List<Map<String, Object>> rows = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      rows.add(
          Map.of(
              "body", Map.of("text", "text " + i, "lang", "en"),
              "meta", Map.of("a.b", Map.of("id", "r" + i))));
    }
    input(rows);
    embed("meta.a.b.id", "body.text", flags);
    rows.set(
        1,
        Map.of(
            "body", Map.of("text", "text 1", "lang", "de"),
            "meta", Map.of("a.b", Map.of("id", "r1"))));
    rows.set(
        2,
        Map.of(
            "body", Map.of("text", "new", "lang", "en"),
            "meta", Map.of("a.b", Map.of("id", "r2"))));
    input(rows);
    assertThat(embed("meta.a.b.id", "body.text", flags).out())
        .contains("0 new, 1 changed, 1 with the same text", "1 as they were");
    Dataset<Row> table = Embark.read(LocalSpark.session(), output().toString());
    assertThat(
            table
                .selectExpr(
                    "`meta.a.b.id`", "`body.text`", "body.text", "body.lang", "meta.`a.b`.id")
                .collectAsList())
        .extracting(Row::toString)
        .containsExactlyInAnyOrder(
            "[r0,text 0,text 0,en,r0]", "[r1,text 1,text 1,de,r1]", "[r2,new,new,en,r2]");
    JobRun search =
        JobRun.of(
            "search",
            "--input",
            output().toString(),
            "--query",
            "new",
            "--text-col",
            "body.text",
            "--id-col",
            "meta.a.b.id");
    assertThat(search.assertDone().out()).contains("\"r2\"  \"new\"");
  }

  @Test
  void aFieldWhoseNumbersMayBeRoundedIsNoId() throws IOException {
    input(
        List.of(
            Map.of("text", "one", "meta", Map.of("id", 9007199254740993L)),
            Map.of("text", "two", "meta", Map.of("id", 0.5))));
    JobRun.embed(
            "--model",
            model,
            "--input",
            directory.resolve("in.jsonl"),
            "--output",
            output(),
            "--id-col",
            "meta.id")
        .assertRefused("id-col: field 'meta.id' holds double");
  }

  /** From Parquet, as Spark's reader of JSON leaves a field without a name out. */
  @Test
  void aColumnMayHaveNoName() throws IOException {
    StructType schema = new StructType();
    for (String name : List.of("id", "text", "")) {
      schema = schema.add(name, DataTypes.StringType);
    }
    for (String value : List.of("before", "after")) {
      LocalSpark.session()
          .createDataFrame(List.of(RowFactory.create("r0", "text", value)), schema)
          .write()
          .mode("overwrite")
          .parquet(directory.resolve("in.jsonl").toString());
      embed("id", "text", "--mode", "incremental");
      assertHolds(List.of(Map.of("id", "r0", "text", "text", "", value)), "id");
    }
  }

  @Test
  void aColumnOfThatNameComesBeforeAField() throws IOException {
    input(List.of(Map.of("body.text", "whole", "body", Map.of("text", "field"))));
    embed("body.text", "body.text");
    assertThat(table("body.text", List.of("body.text")).keySet()).containsExactly("whole");
  }

  @Test
  void namesThatDifferInCaseAreToldApartIfSparkMay() throws IOException {
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("ID", "r0");
    row.put("id", "other");
    row.put("Text", "upper");
    row.put("text", "lower");
    input(List.of(row));
    JobRun.embed("--model", model, "--input", directory.resolve("in.jsonl"), "--output", output())
        .assertRefused("input: the column `", "is there twice", "spark.sql.caseSensitive=true");
    System.setProperty("spark.sql.caseSensitive", "true");
    LocalSpark.session().stop();
    try {
      LocalSpark.session();
      embed("ID", "Text", "--mode", "incremental");
      row.put("text", "changed");
      input(List.of(row));
      JobRun again = embed("ID", "Text", "--mode", "incremental", "--dedupe", "global");
      assertThat(again.out()).contains("1 with the same text but other columns changed");
      assertHolds(List.of(row), "ID");
    } finally {
      System.clearProperty("spark.sql.caseSensitive");
      LocalSpark.session().stop();
    }
  }
}
