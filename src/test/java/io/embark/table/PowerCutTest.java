package io.embark.table;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.embark.table.Snapshot.DataFile;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a publication makes to last on a local disk, and when. A disk may write in any order what it
 * was not asked to write, so after a power cut nothing is certain but what was synced before.
 */
@DisabledOnOs(OS.WINDOWS)
@Timeout(120)
class PowerCutTest {
  private static final String SCHEMA = new StructType().add("id", "long").json();

  @TempDir java.nio.file.Path directory;

  @AfterEach
  void stop() {
    RecordingFileSystem.stop();
  }

  @Test
  void eachStepLastsBeforeTheNextOneThatNeedsIt() throws Exception {
    Configuration hadoop = new Configuration();
    hadoop.setClass("fs.file.impl", RecordingFileSystem.class, FileSystem.class);
    hadoop.setBoolean("fs.file.impl.disable.cache", true);
    TableDirectory table =
        TableDirectory.at(new Path(directory.resolve("a/out").toString()), hadoop);
    RecordingFileSystem.record(directory);
    publish(table, "1", List.of());
    int beforeSecond = RecordingFileSystem.EVENTS.size();
    List<String> events = List.copyOf(RecordingFileSystem.EVENTS);
    // Folders that were made, from the first that was missing.
    assertThat(events).contains("sync ", "sync a", "sync a/out", "sync a/out/_embark");

    List<String> old = table.current().orElseThrow().files().stream().map(DataFile::name).toList();
    publish(table, "2", old);
    events =
        List.copyOf(
            RecordingFileSystem.EVENTS.subList(beforeSecond, RecordingFileSystem.EVENTS.size()));

    inOrder(
        events,
        "sync a/out/_embark/staging/[0-9a-f]{16}/slices/slice-00000.parquet",
        "sync a/out/_embark/staging/[0-9a-f]{16}/slices",
        "sync a/out/_embark/staging/[0-9a-f]{16}/\\.publish\\.json\\..*",
        // The draft goes when the record is linked to it, which no file system of Hadoop's sees.
        "delete a/out/_embark/staging/[0-9a-f]{16}/\\.publish\\.json\\..*",
        "sync a/out/_embark/staging/[0-9a-f]{16}",
        "delete a/out/_SUCCESS",
        "sync a/out",
        "rename .*slice-00000\\.parquet a/out/part-.*",
        "sync a/out",
        "sync a/out/_embark/snapshots/\\.00000002\\.json\\..*",
        "delete a/out/_embark/snapshots/\\.00000002\\.json\\..*",
        "sync a/out/_embark/snapshots",
        "delete a/out/_embark/\\.run-2\\.json\\..*",
        "sync a/out/_embark",
        "delete a/out/" + old.get(0),
        "sync a/out",
        "create a/out/_SUCCESS",
        "sync a/out",
        "delete a/out/_embark/staging/[0-9a-f]{16}.*");
  }

  /** These events come in this order, each before every other one of its kind that comes later. */
  private static void inOrder(List<String> events, String... patterns) {
    int at = 0;
    for (String pattern : patterns) {
      int from = at;
      at =
          IntStream.range(from, events.size())
              .filter(i -> events.get(i).matches(pattern))
              .findFirst()
              .orElseThrow(
                  () ->
                      new AssertionError(
                          "no %s in %s".formatted(pattern, events.subList(from, events.size()))));
      if (pattern.matches("(rename|delete) .*") && !pattern.contains("/staging/[0-9a-f]{16}.*")) {
        assertThat(events.subList(0, from))
            .as("too early")
            .noneMatch(event -> event.matches(pattern));
      }
      at++;
    }
  }

  private static void publish(TableDirectory table, String version, List<String> superseded)
      throws Exception {
    try (TableLock lock = TableLock.take(table, "test", Duration.ZERO)) {
      Staging staging = new Staging(table, lock, Map.of("version", version));
      staging.begin(1, 1, new double[0][], List.of());
      String slice = "slices/slice-00000.parquet";
      FileSystem files = table.files();
      files.mkdirs(new Path(staging.slices()));
      // As Spark does, which syncs nothing.
      files.create(new Path(staging.part(slice))).close();
      long id = Long.parseLong(version);
      staging.publish(
          new Snapshot(1, id, staging.key(), "test", "now", SCHEMA, List.of()),
          superseded,
          Map.of(slice, 1L),
          new Staging.RunRecord(
              "run-" + version + ".json", JsonNodeFactory.instance.objectNode(), List.of()));
    }
  }
}
