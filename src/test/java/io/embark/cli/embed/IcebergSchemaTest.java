package io.embark.cli.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.embark.UserError;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Names of Iceberg tables, and columns that come and go. */
@Timeout(600)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class IcebergSchemaTest {
  private static final String TWO =
      "{\"id\": 1, \"text\": \"one\"}\n{\"id\": 2, \"text\": \"two\"}\n";

  private IcebergLake lake;

  @BeforeAll
  void lake(@TempDir Path directory) throws Exception {
    lake = new IcebergLake(directory);
  }

  @AfterAll
  void away() {
    lake.close();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "lake.db.my-table | lake.db.`my-table`",
        "lake.my-db.`a.b` | lake.`my-db`.`a.b`",
        "lake.db.`1st ``odd``.x`.select | lake.db.`1st ``odd``.x`.`select`"
      })
  void aTableMayHaveAnyName(String name, String quoted) throws Exception {
    lake.embed(name, TWO);
    assertThat(lake.embed(name, TWO + "{\"id\": 3, \"text\": \"three\"}"))
        .contains("1 new, 0 changed");
    assertThat(lake.embed(name, TWO)).contains("Nothing to do");
    assertThat(lake.sql("SELECT * FROM " + quoted)).hasSize(3);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "lake",
        "lake.t",
        "lake..t",
        "lake.db.t.",
        ".db.t",
        "lake.db.`t",
        "lake.d`b.t",
        "lake.db.`t`x",
        ""
      })
  void whatIsNoNameIsRefused(String name) {
    assertThatThrownBy(() -> CatalogTable.of(lake.spark, name))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("found '" + name + "', wanted CATALOG.DATABASE.NAME");
  }

  @Test
  void aColumnThatTheInputGotIsTakenAndNothingIsEmbeddedAgain() throws Exception {
    String table = "lake.db.evolving";
    lake.embed(table, TWO);
    List<Row> before = vectors(table);
    String wider =
        "{\"id\": 1, \"text\": \"one\", \"note\": {\"by\": \"me\"}}\n{\"id\": 2, \"text\": \"two\"}\n";
    assertThatThrownBy(() -> lake.embed(table, wider))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("it has no column note, the input has. --evolve-schema gives it");
    assertThat(lake.embed(table, wider, "--evolve-schema"))
        .contains("0 new, 0 changed, 1 with the same text but other columns changed", "0 rows;");
    assertThat(vectors(table)).isEqualTo(before);
    assertThat(lake.sql("SELECT id, note.by FROM " + table + " ORDER BY id").toString())
        .isEqualTo("[[1,me], [2,null]]");
    assertThat(lake.embed(table, wider)).contains("Nothing to do");

    // A column without a value is one too: the next run does not need the flag.
    String empty = wider.replace("}\n", ", \"more\": null}\n");
    assertThat(empty).isNotEqualTo(wider);
    lake.embed(table, empty, "--evolve-schema");
    assertThat(lake.embed(table, empty)).contains("Nothing to do");

    assertThatThrownBy(() -> lake.embed(table, TWO, "--evolve-schema"))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("it has a column note, the new rows have none")
        .hasMessageContaining("null where it has no value")
        .hasMessageContaining("ALTER TABLE ... DROP COLUMN");
    lake.sql("ALTER TABLE " + table + " DROP COLUMN note");
    lake.sql("ALTER TABLE " + table + " DROP COLUMN more");
    assertThat(lake.embed(table, TWO)).contains("Nothing to do");
    assertThat(lake.embed(table, wider, "--evolve-schema")).contains("1 with the same text");
    assertThat(vectors(table)).isEqualTo(before);
  }

  @Test
  void columnsOfOthersAreLeftToThemOrTakenOver() throws Exception {
    String table = "lake.db.shared";
    lake.embed(table, TWO);
    lake.sql("ALTER TABLE " + table + " ADD COLUMN label string, votes int");
    lake.sql("UPDATE " + table + " SET label = 'theirs', votes = 1");
    String more = TWO.replace("two", "changed") + "{\"id\": 3, \"text\": \"three\"}";
    assertThat(lake.embed(table, more)).contains("1 new, 1 changed");
    assertThat(lake.sql("SELECT id, text, label FROM " + table + " ORDER BY id").toString())
        .isEqualTo("[[1,one,theirs], [2,changed,theirs], [3,three,null]]");

    String labelled = more.replace("\"text\"", "\"label\": \"ours\", \"text\"");
    assertThat(lake.embed(table, labelled, "--evolve-schema")).contains("3 with the same text");
    assertThat(lake.sql("SELECT DISTINCT label FROM " + table).toString()).isEqualTo("[[ours]]");

    String voted = labelled.replace("\"text\"", "\"votes\": \"many\", \"text\"");
    assertThatThrownBy(() -> lake.embed(table, voted, "--evolve-schema"))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("a column votes already, which Embark did not write and is int");
  }

  /** Spark puts the value of a variable where its name stands in SQL. */
  @Test
  void aNameIsNoVariable() throws Exception {
    String table = "lake.db.variables";
    String rows = TWO.replace("\"text\"", "\"${user.name}\": \"mine\", \"text\"");
    lake.embed(table, rows);
    assertThat(lake.embed(table, rows.replace("two", "changed"))).contains("1 changed");
    assertThat(lake.spark.table(table).columns()).contains("${user.name}");
    assertThat(lake.embed(table, rows.replace("two", "changed"))).contains("Nothing to do");
  }

  private List<Row> vectors(String table) {
    return lake.sql("SELECT id, text, embedding, status FROM " + table + " ORDER BY id");
  }
}
