package io.embark.cli.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.embark.UserError;
import io.embark.table.Changes;
import io.embark.table.TableLock;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.commons.io.FileUtils;
import org.apache.iceberg.exceptions.ValidationException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Embed runs on Iceberg tables that others write at the same time. */
@Timeout(900)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class IcebergWritersTest {
  private static final int ROUNDS = Integer.getInteger("writers.rounds", 2);

  private static final int WORDS = 40;

  /** A quarter of a table is gone from its input here. */
  private static final String[] SYNC = {"--sync-deletes", "--max-deleted-rows", "50%"};

  /** A row of the input. */
  private record Source(String tag, String text) {}

  private final Map<Long, Source> input = new TreeMap<>();
  private final Map<String, List<Float>> vectors = new HashMap<>();
  private IcebergLake lake;

  /** Each text that is used here is embedded once, undisturbed. */
  @BeforeAll
  void lake(@TempDir Path directory) throws Exception {
    lake = new IcebergLake(directory);
    for (long i = 0; i < WORDS; i++) {
      input.put(i, new Source("old", text(i)));
    }
    lake.embed("lake.db.reference", json());
    for (Row row : rows("lake.db.reference")) {
      vectors.put(row.getAs("text"), row.getList(row.fieldIndex("embedding")));
    }
  }

  @AfterAll
  void away() {
    lake.close();
  }

  @BeforeEach
  void calm() {
    input.clear();
    lake.onCompared = () -> {};
    IcebergLake.CommitHook.ON_COMMIT.set(null);
  }

  private static String text(long number) {
    return "text number " + number % WORDS;
  }

  private String json() {
    return input.entrySet().stream()
        .map(
            e ->
                "{\"id\": %d, \"tag\": \"%s\", \"text\": \"%s\"}%n"
                    .formatted(e.getKey(), e.getValue().tag, e.getValue().text))
        .collect(Collectors.joining());
  }

  private List<Row> rows(String table) {
    return lake.sql("SELECT * FROM " + table + " ORDER BY id");
  }

  /** These rows are there once, as the input has them, each with the vector of its text. */
  private void requireRows(String table, Collection<Long> ids) {
    List<Row> rows = rows(table);
    assertThat(rows.stream().map(row -> row.<Long>getAs("id"))).containsExactlyElementsOf(ids);
    for (Row row : rows) {
      Source wanted = input.get(row.<Long>getAs("id"));
      assertThat(row.<String>getAs("text")).isEqualTo(wanted.text);
      assertThat(row.<String>getAs("tag")).as("tag of %s", row).isEqualTo(wanted.tag);
      requireVector(row, wanted.text);
    }
  }

  private void requireVector(Row row, String text) {
    List<Float> vector = row.getList(row.fieldIndex("embedding"));
    assertThat(vector).as("vector of %s", row).hasSize(4);
    for (int i = 0; i < 4; i++) {
      assertThat(vector.get(i)).as("of %s", row).isCloseTo(vectors.get(text).get(i), within(1e-4f));
    }
  }

  private void requireMendedByTheNextRun(String table) throws Exception {
    lake.onCompared = () -> {};
    lake.embed(table, json(), SYNC);
    requireRows(table, input.keySet());
  }

  /**
   * A table of 20 rows, and an input in which 0 to 4 have another text, 5 to 9 another tag, 15 to
   * 19 are gone and 20 to 24 are new.
   */
  private void twentyRowsThenChanges(String table) throws Exception {
    for (long id = 0; id < 20; id++) {
      input.put(id, new Source("old", text(id)));
    }
    lake.embed(table, json());
    for (long id = 0; id < 5; id++) {
      input.put(id, new Source("old", text(id + 10)));
      input.put(id + 5, new Source("new", text(id + 5)));
      input.remove(id + 15);
      input.put(id + 20, new Source("old", text(id + 20)));
    }
  }

  @Test
  void whatOthersDidSinceTheTableWasComparedStays() throws Exception {
    String table = "lake.db.meanwhile";
    twentyRowsThenChanges(table);
    lake.onCompared =
        () -> {
          lake.sql("DELETE FROM " + table + " WHERE id IN (0, 5, 10, 15)");
          lake.sql("UPDATE " + table + " SET text = 'theirs' WHERE id IN (1, 6, 16)");
          lake.insert(table, 20, "theirs");
        };
    String said = lake.embed(table, json(), SYNC);
    assertThat(said).contains("5 new, 5 changed, 5 with the same text", "5 gone");

    Map<Long, Row> rows =
        rows(table).stream().collect(Collectors.toMap(r -> r.getAs("id"), r -> r));
    assertThat(rows.keySet())
        .as("nothing that was deleted comes back, and what was gone is gone")
        .isEqualTo(
            Set.of(
                1L, 2L, 3L, 4L, 6L, 7L, 8L, 9L, 11L, 12L, 13L, 14L, 16L, 20L, 21L, 22L, 23L, 24L));
    for (long theirs : new long[] {1, 6, 16, 20}) {
      assertThat(rows.get(theirs).<String>getAs("text")).isEqualTo("theirs");
    }
    assertThat(rows.get(6L).<String>getAs("tag")).isEqualTo("old");
    assertThat(rows.get(20L).<Object>getAs("embedding")).isNull();
    for (long id : new long[] {2, 7, 11, 21}) {
      assertThat(rows.get(id).<String>getAs("text")).isEqualTo(input.get(id).text);
      assertThat(rows.get(id).<String>getAs("tag")).isEqualTo(input.get(id).tag);
      requireVector(rows.get(id), input.get(id).text);
    }

    requireMendedByTheNextRun(table);
  }

  /** Asleep between its last look at the lock and its commit, it has nobody to stop it. */
  @Test
  void whatARunWroteThatHadLostItsLockIsComparedAgain() throws Exception {
    String table = "lake.db.late";
    twentyRowsThenChanges(table);
    lake.lockOfTheDead(table);
    lake.onCompared =
        () -> {
          lake.sql("UPDATE " + table + " SET text = 'yesterday' WHERE id = 1");
          lake.insert(table, 20, "yesterday");
        };
    assertThatThrownBy(() -> lake.embed(table, json(), SYNC))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("by a run that had lost its lock");
    requireMendedByTheNextRun(table);
  }

  @Test
  void aCommitThatOthersWereFasterThanIsMadeAgainFromTheirs() throws Exception {
    String table = "lake.db.faster";
    twentyRowsThenChanges(table);
    IcebergLake.CommitHook.ON_COMMIT.set(
        () -> {
          lake.sql("DELETE FROM " + table + " WHERE id IN (0, 5, 10, 15)");
          lake.insert(table, 20, "theirs");
        });
    lake.embed(table, json(), SYNC);
    lake.sql("DELETE FROM " + table + " WHERE id = 20 AND text = 'theirs'");
    Set<Long> left = new TreeSet<>(input.keySet());
    left.removeAll(Set.of(0L, 5L, 10L, 20L));
    requireRows(table, left);
  }

  /** A table of their own rows goes on all the time; the run that gives up can be gone on with. */
  @Test
  void commitsThatAlwaysComeTooLateFailAndWhatWasEmbeddedIsKept() throws Exception {
    String table = "lake.db.busy";
    twentyRowsThenChanges(table);
    AlwaysFaster faster = new AlwaysFaster(table);
    IcebergLake.CommitHook.ON_COMMIT.set(faster);
    String json = json();
    assertThatThrownBy(() -> lake.embed(table, json))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("Could not commit to lake.db.busy: in 5 attempts others changed it")
        .hasMessageContaining("run the same command again");
    assertThat(faster.commits).isEqualTo(5);
    IcebergLake.CommitHook.ON_COMMIT.set(null);

    // The table has gone on since, and a row is deleted that the killed run has embedded.
    lake.sql("DELETE FROM " + table + " WHERE id = 3 OR id >= 1000");
    assertThat(lake.embed(table, json)).contains("Went on where an earlier attempt ended");
    Set<Long> left = new TreeSet<>(input.keySet());
    left.remove(3L);
    lake.sql("DELETE FROM " + table + " WHERE id BETWEEN 15 AND 19");
    requireRows(table, left);
    assertThat(lake.embed(table, json)).contains("1 new, 0 changed, 0 with the same text");
    requireRows(table, input.keySet());
  }

  private final class AlwaysFaster implements Runnable {
    private final String table;
    private int commits;

    AlwaysFaster(String table) {
      this.table = table;
    }

    @Override
    public void run() {
      lake.insert(table, 1000 + commits++, null);
      IcebergLake.CommitHook.ON_COMMIT.set(this);
    }
  }

  /** As a driver leaves it that dies between the commit and the clean-up. */
  @Test
  void aRunThatDiedBehindItsCommitIsFinishedAndChangesNoRow() throws Exception {
    String table = "lake.db.died";
    twentyRowsThenChanges(table);
    File records = lake.location("db/died/_embark").toFile();
    File staging = new File(records, "staging");
    File kept = new File(records, "kept");
    IcebergLake.CommitHook.ON_COMMIT.set(
        () -> {
          try {
            FileUtils.copyDirectory(staging, kept);
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
    lake.embed(table, json(), SYNC);
    requireRows(table, input.keySet());
    FileUtils.moveDirectory(kept, staging);
    File[] runs = records.listFiles((folder, name) -> name.startsWith("run-"));
    for (File run : runs) {
      FileUtils.delete(run);
    }
    assertThat(lake.embed(table, json(), SYNC))
        .contains("Went on where an earlier attempt ended: 1 of 1 slices with 10 rows were done");
    requireRows(table, input.keySet());
    assertThat(staging).doesNotExist();
    assertThat(records.listFiles((folder, name) -> name.startsWith("run-"))).hasSize(1);
    assertThat(lake.embed(table, json(), SYNC)).contains("Nothing to do");
  }

  /** The input is read twice: to compare, and for the rows whose vector stays. */
  @Test
  void anInputThatReadsOtherwiseLaterBringsNoOtherTextToAVector() throws Exception {
    String name = "lake.db.replaced";
    input.put(1L, new Source("old", text(1)));
    input.put(2L, new Source("old", text(2)));
    lake.embed(name, json());
    CatalogTable table = CatalogTable.of(lake.spark, name);
    String rows = "SELECT id, 'new' AS tag, text FROM " + name;
    Dataset<Row> now = lake.spark.sql(rows);
    Dataset<Row> later =
        lake.spark.sql(rows.replace("text F", "if(id = 1, 'other', text) AS text F"));
    long base = table.snapshot();
    CatalogMerge merge =
        new CatalogMerge(
            table,
            List.of(table.schema().fieldNames()),
            List.of("id", "tag", "text"),
            "id",
            "text");
    try (Changes changes =
            Changes.between(now, table.rows(base), functions.lit(""), null, "id", "text");
        TableLock lock =
            TableLock.take(table.directory(), lake.spark.sparkContext(), Duration.ZERO)) {
      assertThat(changes.count(Changes.Kind.UPDATED)).isEqualTo(2);
      Dataset<Row> none = table.rows(base).limit(0);
      merge.commit(merge.source(changes, none, later, false), base, lock);
    }
    input.put(2L, new Source("new", text(2)));
    requireRows(name, input.keySet());
  }

  @Test
  void aTableThatOthersCommitToUnseenIsRefused() throws Exception {
    String table = "lake.db.unseen";
    input.put(1L, new Source("old", text(1)));
    lake.embed(table, json());
    lake.sql(
        "ALTER TABLE " + table + " SET TBLPROPERTIES ('write.merge.isolation-level' = 'snapshot')");
    input.put(2L, new Source("old", text(2)));
    assertThatThrownBy(() -> lake.embed(table, json()))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("write.merge.isolation-level = snapshot; wanted serializable");
  }

  /**
   * One writer mirrors the input, the other deletes rows that the mirror has just compared: before
   * the commit, in the middle of it or at any moment. What it deletes leaves the input afterwards.
   * More rounds with {@code -Dwriters.rounds=20}.
   */
  @Test
  void roundsBesideAWriterThatDeletes() throws Exception {
    String table = "lake.db.rounds";
    Random random = new Random(16);
    for (long id = 0; id < 30; id++) {
      input.put(id, new Source("old", text(id)));
    }
    lake.embed(table, json());
    for (int round = 0; round < ROUNDS; round++) {
      List<Long> ids = new ArrayList<>(input.keySet());
      Collections.shuffle(ids, random);
      for (int i = 0; i < 4; i++) {
        Source row = input.get(ids.get(i));
        input.put(ids.get(i), new Source(row.tag, text(random.nextInt(WORDS))));
        Source other = input.get(ids.get(i + 4));
        input.put(ids.get(i + 4), new Source("round " + round, other.text));
        input.put(100L + round * 10 + i, new Source("new", text(random.nextInt(WORDS))));
      }
      // A changed row, one with another tag, and one that is as it was.
      Set<Long> deleted = new TreeSet<>(List.of(ids.get(0), ids.get(4), ids.get(9)));
      CompletableFuture<Void> done = new CompletableFuture<>();
      Runnable deletes =
          () -> {
            try {
              delete(table, deleted);
              done.complete(null);
            } catch (Throwable e) {
              done.completeExceptionally(e);
            }
          };
      int delay = random.nextInt(3000);
      switch (round % 4) {
        case 0 -> lake.onCompared = deletes;
        case 1 -> {
          lake.onCompared = () -> {};
          IcebergLake.CommitHook.ON_COMMIT.set(deletes);
        }
        default ->
            lake.onCompared =
                () ->
                    CompletableFuture.delayedExecutor(delay, TimeUnit.MILLISECONDS)
                        .execute(deletes);
      }
      lake.embed(table, json(), random.nextBoolean() ? "--sync-deletes" : "--sync-deletes=false");
      done.get();
      deleted.forEach(input::remove);
      requireRows(table, input.keySet());
    }
  }

  /** As a plain engine does, again if it was too late. */
  private void delete(String table, Set<Long> ids) {
    String list = ids.stream().map(String::valueOf).collect(Collectors.joining(", "));
    for (int attempt = 0; ; attempt++) {
      try {
        lake.sql("DELETE FROM %s WHERE id IN (%s)".formatted(table, list));
        return;
      } catch (ValidationException e) {
        if (attempt == 10) {
          throw e;
        }
      }
    }
  }
}
