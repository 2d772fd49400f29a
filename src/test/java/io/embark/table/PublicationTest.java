package io.embark.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.embark.table.Snapshot.DataFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Versions of a table, with a death at every single change of the file system. */
@Timeout(600)
class PublicationTest {
  private static final String SCHEMA = new StructType().add("id", "long").json();

  @TempDir java.nio.file.Path directory;
  private final Configuration hadoop = new Configuration();

  @BeforeEach
  void scheme() {
    hadoop.setClass("fs.crash.impl", CrashingFileSystem.class, CrashingFileSystem.class);
    hadoop.setBoolean("fs.crash.impl.disable.cache", true);
  }

  @AfterEach
  void revive() {
    CrashingFileSystem.revive();
  }

  private TableDirectory table(String name) throws IOException {
    return TableDirectory.at(new Path("crash://" + directory.resolve(name)), hadoop);
  }

  /** With short times: on a file system that is no disk it waits until others would be seen. */
  private static TableLock take(TableDirectory table, Duration stale)
      throws IOException, InterruptedException {
    return TableLock.take(
        table, LockOwner.ofThisProcess("test", 0), Duration.ZERO, Duration.ofMillis(100), stale);
  }

  /** Publishes a version of two files whose contents are {@code version}. */
  private static void publish(TableDirectory table, String version, List<DataFile> kept)
      throws IOException, InterruptedException {
    publish(table, version, kept, Duration.ofSeconds(60));
  }

  private static void publish(
      TableDirectory table, String version, List<DataFile> kept, Duration stale)
      throws IOException, InterruptedException {
    try (TableLock lock = take(table, stale)) {
      Staging.recover(table, lock);
      long id = table.current().map(s -> s.id() + 1).orElse(1L);
      List<String> before =
          table
              .current()
              .map(s -> s.files().stream().map(DataFile::name).toList())
              .orElse(List.of());
      Staging staging = new Staging(table, lock, Map.of("version", version, "base", "" + (id - 1)));
      staging.discardOthers();
      staging.begin(2, 2, new double[0][], List.of());
      Map<String, Long> rows = new TreeMap<>();
      for (int i = 0; i < 2; i++) {
        String name = "slices/slice-0000%d.parquet".formatted(i);
        RecordFile.create(
            table.files(), new Path(staging.part(name)), version.getBytes(StandardCharsets.UTF_8));
        rows.put(name, 1L);
      }
      Snapshot draft = new Snapshot(1, id, staging.key(), "test", "now", SCHEMA, kept);
      List<String> superseded =
          before.stream().filter(n -> kept.stream().noneMatch(k -> k.name().equals(n))).toList();
      staging.publish(
          draft,
          superseded,
          rows,
          new Staging.RunRecord(
              "run-" + version + ".json",
              JsonNodeFactory.instance.objectNode().put("version", version),
              List.of()));
    }
  }

  /** What a reader of snapshots gets: the contents of each file. */
  private String seen(TableDirectory table) throws IOException {
    StringBuilder seen = new StringBuilder();
    for (DataFile file : table.current().orElseThrow().files()) {
      seen.append(
          new String(RecordFile.bytes(table.files(), table.of(file)), StandardCharsets.UTF_8));
    }
    return seen.toString();
  }

  @Test
  void aDeathAtAnyMomentLeavesOneVersionAndIsMadeGood() throws Exception {
    int limit = 10_000;
    TableDirectory counted = table("counted");
    publish(counted, "a", List.of());
    CrashingFileSystem.dieAfter(limit, false);
    publish(counted, "b", List.of());
    int changes = CrashingFileSystem.changesSince(limit);
    CrashingFileSystem.revive();
    assertThat(changes).isGreaterThan(15);

    int finishedForTheDead = 0;
    for (boolean halfDone : new boolean[] {false, true}) {
      for (int moment = 0; moment < changes; moment++) {
        String where =
            "death at change %d of %d, half done: %s".formatted(moment, changes, halfDone);
        TableDirectory table = table("t-%d-%s".formatted(moment, halfDone));
        publish(table, "a", List.of());
        CrashingFileSystem.dieAfter(moment, halfDone);
        try {
          publish(table, "b", List.of());
        } catch (IOException | RuntimeException e) {
          assertThat(CrashingFileSystem.isDead()).as(where + ": " + e).isTrue();
        }
        CrashingFileSystem.revive();
        assertThat(seen(table)).as(where).isIn("aa", "bb");

        // The lock of the dead run names this very process, which is not gone; time would tell.
        table.files().delete(new Path(table.records(), "locks"), true);
        boolean published = seen(table).equals("bb") || Staging.unfinishedPublication(table);
        publish(table, "c", table.current().orElseThrow().files().subList(0, 0));
        assertThat(seen(table)).as(where).isEqualTo("cc");
        assertThat(table.current().orElseThrow().id()).as(where).isEqualTo(published ? 3 : 2);
        finishedForTheDead += published ? 1 : 0;
        assertThat(table.differences(table.current().orElseThrow())).as(where).isEmpty();
        assertThat(everything(table))
            .as(where)
            .noneMatch(n -> n.contains("staging") || n.contains("/."))
            .filteredOn(n -> n.contains("/locks/"))
            .hasSize(1);
        assertThat(table.files().exists(new Path(table.path(), "_SUCCESS"))).as(where).isTrue();
        assertThat(table.files().exists(new Path(table.records(), "run-b.json")))
            .as(where)
            .isEqualTo(published);
      }
    }
    assertThat(finishedForTheDead).as("deaths after the point of no return").isGreaterThan(5);
  }

  /** What others do while a run sleeps that has just made sure of its lock. */
  private enum Others {
    /** Publish a version of their own. */
    PUBLISH,
    /** Run the same command. */
    REPEAT,
    /** Finish what is due, as {@code inspect --repair} does. */
    REPAIR
  }

  @ParameterizedTest
  @EnumSource(Others.class)
  void aStepThatIsDoneAfterTheLockWasLostHarmsNothing(Others others) throws Exception {
    int limit = 10_000;
    TableDirectory counted = table("counted");
    publish(counted, "a", List.of());
    CrashingFileSystem.dieAfter(limit, false);
    publish(counted, "b", List.of());
    int changes = CrashingFileSystem.changesSince(limit);
    CrashingFileSystem.revive();

    int lost = 0;
    int withoutSuccess = 0;
    for (int moment = 0; moment < changes; moment++) {
      String where = "asleep before change %d of %d".formatted(moment, changes);
      TableDirectory table = table("t-" + moment);
      publish(table, "a", List.of());
      CrashingFileSystem.pauseAfter(moment, () -> go(others, table));
      try {
        publish(table, "b", List.of());
      } catch (IOException | RuntimeException e) {
        lost++;
      }
      CrashingFileSystem.revive();
      Snapshot current = table.current().orElseThrow();
      assertThat(seen(table))
          .as(where)
          .isIn(others == Others.PUBLISH ? List.of("cc", "bb") : List.of("aa", "bb"));
      assertThat(table.differences(current)).as(where).isEmpty();
      withoutSuccess += table.files().exists(new Path(table.path(), "_SUCCESS")) ? 0 : 1;

      publish(table, "d", List.of());
      assertThat(seen(table)).as(where).isEqualTo("dd");
      assertThat(table.differences(table.current().orElseThrow())).as(where).isEmpty();
      assertThat(table.files().exists(new Path(table.path(), "_SUCCESS"))).as(where).isTrue();
      assertThat(everything(table)).as(where).noneMatch(n -> n.contains("staging"));
    }
    assertThat(lost).as("runs that found out").isGreaterThan(10);
    // Deleting it is the only late step that shows; the next run writes it.
    assertThat(withoutSuccess).isLessThanOrEqualTo(1);
  }

  private static void go(Others others, TableDirectory table) {
    Duration everything = Duration.ofMillis(-1);
    try {
      if (others == Others.PUBLISH) {
        publish(table, "c", List.of(), everything);
      } else {
        try (TableLock lock = take(table, everything)) {
          Staging.recover(table, lock);
        }
        if (others == Others.REPEAT && table.current().orElseThrow().id() == 1) {
          publish(table, "b", List.of(), everything);
        }
      }
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** It lost its lock while it embedded; its successor has staged, and is publishing. */
  @ParameterizedTest
  @ValueSource(strings = {"publish", "discard", "begin"})
  void anOwnerThatWakesWhileItsSuccessorPublishesHarmsNothing(String step) throws Exception {
    int found = 0;
    AtomicBoolean awake = new AtomicBoolean(true);
    for (int moment = 0; awake.getAndSet(false); moment++) {
      String where = "awake before change " + moment;
      TableDirectory table = table("w-" + moment);
      publish(table, "a", List.of());
      List<String> old =
          table.current().orElseThrow().files().stream().map(DataFile::name).toList();
      TableLock lost = take(table, Duration.ofSeconds(60));
      Staging late = new Staging(table, lost, Map.of("version", "late", "base", "1"));
      late.begin(1, 1, new double[0][], List.of());
      String slice = "slices/slice-00000.parquet";
      RecordFile.create(table.files(), new Path(late.part(slice)), new byte[] {'l'});
      AtomicInteger refused = new AtomicInteger();
      CrashingFileSystem.pauseAfter(
          moment,
          () -> {
            awake.set(true);
            try {
              switch (step) {
                case "publish" ->
                    late.publish(
                        new Snapshot(1, 2, late.key(), "test", "now", SCHEMA, List.of()),
                        old,
                        Map.of(slice, 1L),
                        new Staging.RunRecord(
                            "run-late.json", JsonNodeFactory.instance.objectNode(), List.of()));
                case "discard" -> late.discardOthers();
                default -> late.begin(1, 1, new double[0][], List.of());
              }
            } catch (IOException | IllegalStateException e) {
              refused.incrementAndGet();
            }
          });
      try {
        publish(table, "b", List.of(), Duration.ofMillis(-1));
      } catch (IOException | IllegalStateException e) {
        // It may come too early for its successor, which then publishes at its next try.
        assertThat(seen(table)).as(where + ": " + e).isIn("aa", "l");
      }
      CrashingFileSystem.revive();
      lost.close();
      found += refused.get();
      assertThat(table.problems(table.current().orElseThrow())).as(where).isEmpty();
      publish(table, "c", List.of(), Duration.ofMillis(-1));
      assertThat(seen(table)).as(where).isEqualTo("cc");
      assertThat(table.problems(table.current().orElseThrow())).as(where).isEmpty();
    }
    assertThat(found).isGreaterThan(10);
  }

  @Test
  void recordsOfOldVersionsGo() throws Exception {
    TableDirectory table = table("kept");
    for (String version : List.of("a", "b", "c", "d")) {
      publish(table, version, List.of());
    }
    table.keepSnapshots(4);
    assertThat(table.snapshotIds()).containsExactly(1L, 2L, 3L, 4L);
    table.keepSnapshots(2);
    assertThat(table.snapshotIds()).containsExactly(3L, 4L);
    publish(table, "e", List.of());
    assertThat(table.snapshotIds()).containsExactly(3L, 4L, 5L);
    assertThat(seen(table)).isEqualTo("ee");
  }

  private List<String> everything(TableDirectory table) throws IOException {
    try (Stream<java.nio.file.Path> files =
        Files.walk(java.nio.file.Path.of(table.path().toUri().getPath()))) {
      return files.map(java.nio.file.Path::toString).toList();
    }
  }

  /** Never {@code _SUCCESS} over old rows and new ones. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aFileThatCannotBeDeletedStaysOnTheListUntilItIs(boolean byAnException) throws Exception {
    TableDirectory table = table("stuck-" + byAnException);
    Path success = new Path(table.path(), "_SUCCESS");
    publish(table, "a", List.of());
    CrashingFileSystem.keep("part-00001-.*-00001.parquet", byAnException);
    for (String version : List.of("b", "c", "d")) {
      assertThatThrownBy(() -> publish(table, version, List.of()))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("Version 2 of ")
          .hasMessageContaining("1 of 2 files")
          .hasMessageMatching("(?s).*part-00001-.*-00001.parquet.*(Permission|cannot).*")
          .hasMessageContaining("inspect --repair");
      assertThat(seen(table)).as("by its snapshot the version is there").isEqualTo("bb");
      assertThat(table.files().exists(success)).isFalse();
      assertThat(table.problems(table.current().orElseThrow())).hasSize(2);
    }
    CrashingFileSystem.revive();
    recover(table);
    assertThat(seen(table)).isEqualTo("bb");
    assertThat(table.problems(table.current().orElseThrow())).isEmpty();
    assertThat(table.files().exists(success)).isTrue();
    publish(table, "e", List.of());
    assertThat(seen(table)).isEqualTo("ee");
  }

  private static void recover(TableDirectory table) throws IOException, InterruptedException {
    try (TableLock lock = take(table, Duration.ofSeconds(60))) {
      Staging.recover(table, lock);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void nothingMovesWhileSuccessCannotBeDeleted(boolean byAnException) throws Exception {
    TableDirectory table = table("success-" + byAnException);
    publish(table, "a", List.of());
    CrashingFileSystem.keep("_SUCCESS", byAnException);
    assertThatThrownBy(() -> publish(table, "b", List.of())).hasMessageContaining("_SUCCESS");
    assertThat(table.visible()).hasSize(2);
    assertThat(seen(table)).isEqualTo("aa");
    CrashingFileSystem.revive();
    recover(table);
    assertThat(seen(table)).isEqualTo("bb");
  }

  /** A plan that stays would be carried out again over later versions. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aPlanThatCannotBeDeletedIsAnError(boolean byAnException) throws Exception {
    TableDirectory table = table("plan-" + byAnException);
    CrashingFileSystem.keep("publish.json", byAnException);
    assertThatThrownBy(() -> publish(table, "a", List.of())).hasMessageContaining("publish.json");
    assertThatThrownBy(() -> publish(table, "b", List.of())).hasMessageContaining("publish.json");
    CrashingFileSystem.revive();
    publish(table, "c", List.of());
    assertThat(seen(table)).isEqualTo("cc");
    assertThat(table.snapshotIds()).containsExactly(1L, 2L);
  }

  @Test
  void whatIsKeptStays() throws Exception {
    TableDirectory table = table("kept");
    publish(table, "a", List.of());
    publish(table, "b", table.current().orElseThrow().files().subList(0, 1));
    assertThat(seen(table)).isEqualTo("abb");
    assertThat(table.snapshotIds()).containsExactly(1L, 2L);
    assertThat(table.visible()).hasSize(3);
  }

  @Test
  void aTornRecordIsAnErrorAndNotAnOlderVersion() throws Exception {
    TableDirectory table = table("torn");
    publish(table, "a", List.of());
    publish(table, "b", List.of());
    java.nio.file.Path record = java.nio.file.Path.of(table.snapshotFile(2).toUri().getPath());
    byte[] whole = Files.readAllBytes(record);
    for (int length = 0; length < whole.length; length += 37) {
      Files.write(record, java.util.Arrays.copyOf(whole, length));
      assertThatThrownBy(table::current)
          .hasMessageContaining("00000002.json")
          .hasMessageContaining("cannot be read");
    }
    Files.write(record, whole);
    assertThat(seen(table)).isEqualTo("bb");
    Files.writeString(
        record,
        new String(whole, StandardCharsets.UTF_8).replaceFirst("\"format\" : 1", "\"format\" : 2"));
    assertThatThrownBy(table::current).hasMessageContaining("newer Embark");
  }

  @Test
  void aVersionThatAnotherRunPublishedIsNotReplaced() throws Exception {
    TableDirectory table = table("raced");
    publish(table, "a", List.of());
    Snapshot other = new Snapshot(1, 1, "other", "test", "now", SCHEMA, List.of());
    Publication late =
        new Publication(other, List.of(), List.of(), "run-x.json", null, null, List.of());
    try (TableLock lock = take(table, Duration.ofSeconds(60))) {
      assertThatThrownBy(() -> late.carryOut(table, new Path(table.stagingRoot(), "late"), lock))
          .hasMessageContaining("Another run published snapshot 1");
    }
    assertThat(seen(table)).isEqualTo("aa");
  }
}
