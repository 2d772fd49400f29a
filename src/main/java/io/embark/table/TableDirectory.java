package io.embark.table;

import com.fasterxml.jackson.databind.JsonNode;
import io.embark.table.Snapshot.DataFile;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * A table's directory: Parquet files at its top, where every reader looks, and Embark's records
 * under {@code _embark}, where none does. See docs/tables.md.
 */
public record TableDirectory(FileSystem files, Path path) {
  public static final String RECORDS = "_embark";

  static final String SUCCESS = "_SUCCESS";
  private static final Pattern SNAPSHOT = Pattern.compile("(\\d{8,})\\.json");

  /** The table at a path, which need not exist. */
  public static TableDirectory at(Path path, Configuration hadoop) throws IOException {
    FileSystem files = path.getFileSystem(hadoop);
    return new TableDirectory(files, files.makeQualified(path));
  }

  Path records() {
    return new Path(path, RECORDS);
  }

  Path snapshotFile(long id) {
    return new Path(records(), "snapshots/%08d.json".formatted(id));
  }

  Path stagingRoot() {
    return new Path(records(), "staging");
  }

  Path of(DataFile file) {
    return new Path(path, file.name());
  }

  public List<Path> paths(Snapshot snapshot) {
    return snapshot.files().stream().map(this::of).toList();
  }

  /**
   * The newest version.
   *
   * @throws IOException if its record cannot be read; there is no falling back to an older one,
   *     whose files may be gone
   */
  public Optional<Snapshot> current() throws IOException {
    List<Long> ids = snapshotIds();
    return ids.isEmpty() ? Optional.empty() : Optional.of(snapshot(ids.get(ids.size() - 1)));
  }

  /** The numbers of all versions on record, ascending. */
  public List<Long> snapshotIds() throws IOException {
    return list(snapshotFile(1).getParent()).stream()
        .map(file -> SNAPSHOT.matcher(file.getPath().getName()))
        .filter(Matcher::matches)
        .map(name -> Long.valueOf(name.group(1)))
        .sorted()
        .toList();
  }

  /** Deletes the records of all versions but the newest ones. The caller holds the lock. */
  public void keepSnapshots(int newest) throws IOException {
    List<Long> ids = snapshotIds();
    for (long id : ids.subList(0, Math.max(0, ids.size() - newest))) {
      Deletions.delete(files, snapshotFile(id));
    }
  }

  private Snapshot snapshot(long id) throws IOException {
    Path file = snapshotFile(id);
    byte[] bytes = RecordFile.bytes(files, file);
    if (bytes == null) {
      throw new FileNotFoundException("No snapshot " + id + ": " + file + " does not exist.");
    }
    Snapshot snapshot;
    try {
      snapshot = RecordFile.parse(bytes, file, Snapshot.class);
    } catch (IOException e) {
      throw new IOException(
          e.getMessage()
              + ". It is the record of the table's newest version. Restore it from a backup, or"
              + " write the table anew with --mode overwrite after deleting it.",
          e);
    }
    if (snapshot.format() > Snapshot.FORMAT) {
      throw new IOException(
          "%s has format %d; this version of Embark reads up to %d. Use a newer Embark."
              .formatted(file, snapshot.format(), Snapshot.FORMAT));
    }
    return snapshot;
  }

  /** Data files and folders at the top, as every reader sees them; name to status. */
  public Map<String, FileStatus> visible() throws IOException {
    Map<String, FileStatus> visible = new HashMap<>();
    for (FileStatus file : list(path)) {
      String name = file.getPath().getName();
      if (!name.startsWith(".") && (!name.startsWith("_") || name.contains("="))) {
        visible.put(name, file);
      }
    }
    return visible;
  }

  /** Whether a reader would find anything. */
  public boolean holdsData() throws IOException {
    return !snapshotIds().isEmpty() || !visible().isEmpty();
  }

  /** Files that are missing, of another length or in no snapshot; empty if all is in order. */
  public List<String> differences(Snapshot snapshot) throws IOException {
    Map<String, FileStatus> visible = visible();
    List<String> differences = new ArrayList<>();
    for (DataFile file : snapshot.files()) {
      FileStatus found = visible.remove(file.name());
      if (found == null) {
        differences.add(file.name() + " is missing");
      } else if (found.getLen() != file.bytes()) {
        differences.add(
            "%s has %d bytes, not %d".formatted(file.name(), found.getLen(), file.bytes()));
      }
    }
    visible.keySet().stream().sorted().forEach(n -> differences.add(n + " is in no snapshot"));
    return differences;
  }

  /** The records of runs, oldest first. */
  public List<JsonNode> runs() throws IOException {
    List<JsonNode> runs = new ArrayList<>();
    for (FileStatus file : list(records())) {
      if (file.getPath().getName().matches("run-.*\\.json")) {
        JsonNode run = RecordFile.read(files, file.getPath(), JsonNode.class);
        if (run != null) {
          runs.add(run);
        }
      }
    }
    runs.sort(Comparator.comparing(run -> run.path("snapshot").asLong()));
    return runs;
  }

  /** Adds the record of a run. */
  public void addRun(String name, JsonNode manifest) throws IOException {
    RecordFile.create(files, new Path(records(), name), RecordFile.json(manifest));
  }

  /** Lines on who is writing and how far that is; empty if nobody is. */
  public List<String> underWay() throws IOException {
    List<String> lines = new ArrayList<>();
    String writer = TableLock.inWords(this);
    if (writer != null) {
      lines.add("being written by " + writer);
    }
    for (String run : StagedRun.unfinished(this)) {
      lines.add(run + (writer == null ? "; it was killed, and the same command goes on" : ""));
    }
    return lines;
  }

  /** Reasons not to trust the files as they lie there; empty if all is in order. */
  public List<String> problems(Snapshot current) throws IOException {
    List<String> problems = differences(current);
    if (Staging.unfinishedPublication(this)) {
      problems.add(
          "a run was killed, or is at work, while it publishes; the next run finishes that, or"
              + " inspect --repair");
    }
    return problems;
  }

  List<FileStatus> list(Path directory) throws IOException {
    try {
      return List.of(files.listStatus(directory));
    } catch (FileNotFoundException e) {
      return List.of();
    }
  }
}
