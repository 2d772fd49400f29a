package io.embark.table;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;

/**
 * That a command was carried out, {@code _embark/published/NAME.json}: it is published together
 * with the version, so that the same command, started again by a scheduler, finds it. Unlike
 * snapshots it is kept for good; looking for one reads one file.
 *
 * @param name follows from the command, see {@link #named}
 * @param runId the run's name by whoever started it, or null
 * @param snapshot the version that it made
 * @param published when, in UTC
 * @param rows that it put into the table
 * @param failedRows those of them on which the model failed
 * @param facts what the command came to: settings, model, input files with length and time
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Receipt(
    String name,
    String runId,
    long snapshot,
    String published,
    long rows,
    long failedRows,
    Map<String, String> facts) {

  /** The receipt of this name whose rows still are in the table, if there is one. */
  public static Optional<Receipt> find(TableDirectory table, String name) throws IOException {
    byte[] bytes = RecordFile.bytes(table.files(), file(table, name));
    if (bytes == null) {
      return Optional.empty();
    }
    Receipt found = parse(bytes, file(table, name));
    // Versions that an Embark without receipts made may have replaced everything.
    return table
        .current()
        .filter(current -> current.receiptsSince() != null)
        .filter(current -> current.receiptsSince() <= found.snapshot)
        .filter(current -> found.snapshot <= current.id())
        .map(current -> found);
  }

  private static Receipt parse(byte[] bytes, Path file) throws IOException {
    try {
      return RecordFile.parse(bytes, file, Receipt.class);
    } catch (IOException e) {
      throw new IOException(
          e.getMessage()
              + ". It tells whether this command was carried out. Look that up with inspect, delete"
              + " the file, and run the command again if it was not.",
          e);
    }
  }

  /** Whether a table has any. */
  public static boolean anyIn(TableDirectory table) throws IOException {
    return !table.list(folder(table)).isEmpty();
  }

  /** Each fact that differs, with both values. */
  public List<String> differences(Map<String, String> now) {
    return StagedRun.differences(facts, now);
  }

  /** Files it, in place of one of this name that no longer counts. */
  void put(TableDirectory table) throws IOException {
    byte[] contents = RecordFile.json(this);
    Path file = file(table, name);
    if (!Arrays.equals(contents, RecordFile.bytes(table.files(), file))) {
      Deletions.delete(table.files(), file);
      RecordFile.create(table.files(), file, contents);
    }
  }

  /** Removes what runs left that died while they wrote one. The caller holds the lock. */
  static void sweep(TableDirectory table) throws IOException {
    for (FileStatus file : table.list(folder(table))) {
      if (RecordFile.isDraft(file.getPath().getName())) {
        table.files().delete(file.getPath(), false);
      }
    }
  }

  private static Path file(TableDirectory table, String name) {
    return new Path(folder(table), name + ".json");
  }

  private static Path folder(TableDirectory table) {
    return new Path(table.records(), "published");
  }
}
