package io.embark.table;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * That a command was carried out, {@code _embark/published/NAME-VERSION.json}: it is published
 * together with the version, so that the same command, started again by a scheduler, finds it.
 * Unlike snapshots it is kept for good; looking for one lists their folder and reads one file.
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

  private static final Logger LOG = LoggerFactory.getLogger(Receipt.class);
  private static final Pattern FILE = Pattern.compile("(\\w+)-(\\d{8,})\\.json");

  /** The receipt of this name whose rows still are in the table, if there is one. */
  public static Optional<Receipt> find(TableDirectory table, String name) throws IOException {
    Optional<Snapshot> current = table.current();
    // Versions that an Embark without receipts made may have replaced everything.
    if (current.isEmpty() || current.get().receiptsSince() == null) {
      return Optional.empty();
    }
    long newest = 0;
    for (FileStatus file : table.list(folder(table))) {
      Matcher parts = FILE.matcher(file.getPath().getName());
      if (parts.matches() && parts.group(1).equals(name)) {
        newest = Math.max(newest, Long.parseLong(parts.group(2)));
      }
    }
    if (newest < current.get().receiptsSince() || newest > current.get().id()) {
      return Optional.empty();
    }
    Path file = file(table, name, newest);
    return Optional.of(parse(RecordFile.bytes(table.files(), file), file));
  }

  private static Path file(TableDirectory table, String name, long version) {
    return new Path(folder(table), "%s-%08d.json".formatted(name, version));
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

  /** The newest version that a table has a receipt of, be its record lost; 0 if it has none. */
  public static long newest(TableDirectory table) throws IOException {
    return table.list(folder(table)).stream()
        .map(file -> FILE.matcher(file.getPath().getName()))
        .filter(Matcher::matches)
        .mapToLong(name -> Long.parseLong(name.group(2)))
        .max()
        .orElse(0);
  }

  /** Each fact that differs, with both values. */
  public List<String> differences(Map<String, String> now) {
    return StagedRun.differences(facts, now);
  }

  /** Files it. */
  void put(TableDirectory table) throws IOException {
    byte[] contents = RecordFile.json(this);
    Path file = file(table, name, snapshot);
    if (!Arrays.equals(contents, RecordFile.bytes(table.files(), file))) {
      Deletions.delete(table.files(), file);
      RecordFile.create(table.files(), file, contents);
    }
  }

  /**
   * Removes what runs left that died while they wrote one, and receipts of versions that were
   * replaced, or are above the newest: its record is lost, and the number will be another's. The
   * caller holds the lock. Where no version is on record they stay, as a sign that there were any.
   */
  static void sweep(TableDirectory table) throws IOException {
    List<FileStatus> found = table.list(folder(table));
    if (found.isEmpty()) {
      return;
    }
    Optional<Snapshot> current = table.current();
    long newest = current.map(Snapshot::id).orElse(Long.MAX_VALUE);
    long oldest = current.map(Snapshot::receiptsSince).orElse(0L);
    for (FileStatus file : found) {
      Matcher parts = FILE.matcher(file.getPath().getName());
      long version = parts.matches() ? Long.parseLong(parts.group(2)) : newest;
      if (version > newest) {
        LOG.warn(
            "{} is of a version that is not on record any more; its rows do not count as published",
            file.getPath());
      }
      if (version > newest || version < oldest || RecordFile.isDraft(file.getPath().getName())) {
        Deletions.delete(table.files(), file.getPath());
      }
    }
  }

  private static Path folder(TableDirectory table) {
    return new Path(table.records(), "published");
  }
}
