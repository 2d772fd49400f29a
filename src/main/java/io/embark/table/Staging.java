package io.embark.table;

import com.fasterxml.jackson.databind.JsonNode;
import io.embark.model.Fingerprint;
import io.embark.table.Publication.Move;
import io.embark.table.Snapshot.DataFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The finished parts of a run that is not published yet, under {@code _embark/staging/KEY}, where
 * no reader looks. The key is a hash of what is embedded and how; a run with the same key goes on
 * where an earlier one ended, and what runs with other keys left is removed.
 */
public final class Staging {
  private static final Logger LOG = LoggerFactory.getLogger(Staging.class);
  private static final int KEY_DIGITS = 16;

  private final TableDirectory table;
  private final TableLock lock;
  private final Map<String, String> facts;
  private final Path directory;

  /**
   * The staging directory of a run, after {@link #recover}.
   *
   * @param lock asked before anything is changed: who lost it while it slept would take away what
   *     its successor stages and publishes
   * @param facts all that decides what the run writes
   */
  public Staging(TableDirectory table, TableLock lock, Map<String, String> facts) {
    this.table = table;
    this.lock = lock;
    this.facts = new TreeMap<>(facts);
    this.directory = new Path(table.stagingRoot(), key());
  }

  /** Whether a run died while it published. The files it published may not be read as they are. */
  public static boolean unfinishedPublication(TableDirectory table) throws IOException {
    for (FileStatus run : table.list(table.stagingRoot())) {
      if (table.files().exists(new Path(run.getPath(), Publication.FILE))) {
        return true;
      }
    }
    return false;
  }

  /**
   * The record of a run.
   *
   * @param file its name
   * @param receipts of the command
   */
  public record RunRecord(String file, JsonNode manifest, List<Receipt> receipts) {}

  /**
   * A version that was published for a run that had died.
   *
   * @param receipts of the command; empty if an earlier version of Embark had begun to publish it
   */
  public record Recovered(Snapshot snapshot, JsonNode manifest, List<Receipt> receipts) {}

  /**
   * Asks whether the lock that this was made with is held still.
   *
   * @throws IllegalStateException if it is not, see {@link TableLock#requireHeld}
   */
  public void requireHeld() throws IOException {
    lock.requireHeld();
  }

  /** Finishes what a run that died had begun to publish. The caller holds the lock. */
  public static List<Recovered> recover(TableDirectory table, TableLock lock) throws IOException {
    List<Recovered> recovered = new ArrayList<>();
    for (FileStatus run : table.list(table.stagingRoot())) {
      Publication publication = plan(table, run.getPath());
      if (publication != null && !publication.isDue(table, run.getPath())) {
        withdraw(table, run.getPath(), lock);
      } else if (publication != null) {
        LOG.warn(
            "Run {} died while it published snapshot {} of {}; finishing that",
            publication.snapshot().run(),
            publication.snapshot().id(),
            table.path());
        publication.carryOut(table, run.getPath(), lock);
        recovered.add(
            new Recovered(publication.snapshot(), publication.manifest(), publication.receipts()));
      }
    }
    lock.requireHeld();
    Receipt.sweep(table);
    return recovered;
  }

  private static Publication plan(TableDirectory table, Path run) throws IOException {
    return RecordFile.read(table.files(), new Path(run, Publication.FILE), Publication.class);
  }

  /** Takes back what was begun to be published by a run that had lost its lock, if there is any. */
  private static void withdraw(TableDirectory table, Path run, TableLock lock) throws IOException {
    Publication late = plan(table, run);
    if (late != null) {
      if (late.epoch() != null && late.epoch() > lock.epoch()) {
        throw new IllegalStateException(
            "This run lost its lock on %s to one that publishes now. It changes nothing from here on."
                .formatted(table.path()));
      }
      lock.requireHeld();
      LOG.warn(
          "Run {} lost its lock, number {}, before it published snapshot {} of {}; that is withdrawn",
          late.snapshot().run(),
          late.epoch(),
          late.snapshot().id(),
          table.path());
      late.withdraw(table, run);
    }
  }

  /** Removes what runs with other keys left. To be called when nothing can refuse this run. */
  public void discardOthers() throws IOException {
    discardOthers(run -> true);
  }

  /** Removes what runs with other keys left, if it is of those, or nobody can tell of which. */
  public void discardOthers(Predicate<StagedRun> those) throws IOException {
    lock.requireHeld();
    for (FileStatus other : table.list(table.stagingRoot())) {
      Optional<StagedRun> run = StagedRun.read(table, other.getPath());
      if (!other.getPath().getName().equals(key()) && run.filter(those.negate()).isEmpty()) {
        discard(other.getPath(), run);
      }
    }
  }

  private void discard(Path other, Optional<StagedRun> run) throws IOException {
    withdraw(table, other, lock);
    if (run.isPresent()) {
      LOG.warn(
          "Throwing away {} slices of an unfinished run that this one does not continue: {}",
          StagedRun.done(table, other).size(),
          String.join("; ", run.get().differences(facts)));
    }
    lock.requireHeld();
    table.files().delete(other, true);
  }

  public String key() {
    return key(facts);
  }

  /** The key of a run, which its snapshot names: short, but long enough to be the only one. */
  public static String key(Map<String, String> facts) {
    return Fingerprint.of(new TreeMap<>(facts).toString()).substring(0, KEY_DIGITS);
  }

  /** The run that an earlier attempt began, if there was one. */
  public Optional<StagedRun> begun() throws IOException {
    return StagedRun.read(table, directory);
  }

  /** Records what is about to be done, before it is. */
  public StagedRun begin(long rows, int slices, double[][] int8Ranges, List<String> post)
      throws IOException {
    StagedRun run = new StagedRun(key(), facts, rows, slices, int8Ranges, post);
    lock.requireHeld();
    table.files().delete(directory, true);
    RecordFile.create(table.files(), new Path(directory, StagedRun.FILE), RecordFile.json(run));
    return run;
  }

  /** The directory of the slices. */
  public String slices() {
    return part(StagedRun.SLICES);
  }

  /** The directory of a part that each attempt makes anew. */
  public String part(String name) {
    return new Path(directory, name).toString();
  }

  /**
   * The Parquet files of a part, one without rows among them.
   *
   * @throws IOException if there is none
   */
  public List<FileStatus> files(String part) throws IOException {
    List<FileStatus> found =
        table.list(new Path(directory, part)).stream()
            .filter(file -> file.getPath().getName().matches("[^._].*\\.parquet"))
            .toList();
    if (found.isEmpty()) {
      throw new IOException("No file in " + part(part) + ".");
    }
    return found;
  }

  /** The numbers of the slices that are done. */
  public Set<Integer> done() throws IOException {
    return StagedRun.done(table, directory);
  }

  /** Takes back a slice that turned out to be damaged, so that it is embedded again. */
  public void redo(FileStatus slice) throws IOException {
    lock.requireHeld();
    Deletions.delete(table.files(), slice.getPath());
  }

  /** The files of slices that are done. */
  public List<FileStatus> filesOf(Set<Integer> done) throws IOException {
    Set<String> names = done.stream().map(Slices::fileOf).collect(Collectors.toSet());
    return table.list(new Path(slices())).stream()
        .filter(file -> names.contains(file.getPath().getName()))
        .toList();
  }

  /**
   * Makes staged files the table's next version. Of those without rows one is kept only where the
   * version has no others: it still tells readers the columns. Once this method has begun to change
   * anything, the version will come, if not by this process, then by the next that takes the lock.
   *
   * @param draft the next version with the files that stay
   * @param superseded names of files and folders that go
   * @param rowsOf rows of each staged file, by its path below the staging directory
   * @param record of the run
   */
  public Snapshot publish(
      Snapshot draft, Collection<String> superseded, Map<String, Long> rowsOf, RunRecord record)
      throws IOException {
    // What was due was finished when the lock was taken: plans that came later are of a run
    // without.
    for (FileStatus run : table.list(table.stagingRoot())) {
      withdraw(table, run.getPath(), lock);
    }
    String name = freeName(draft.id());
    List<DataFile> all = new ArrayList<>(draft.files());
    List<Move> moves = new ArrayList<>();
    boolean rows = !all.isEmpty() || rowsOf.values().stream().anyMatch(n -> n > 0);
    for (Map.Entry<String, Long> staged : new TreeMap<>(rowsOf).entrySet()) {
      if (staged.getValue() == 0 && (rows || !moves.isEmpty())) {
        continue;
      }
      String to = "%s-%05d.parquet".formatted(name, moves.size());
      long bytes = table.files().getFileStatus(new Path(directory, staged.getKey())).getLen();
      moves.add(new Move(staged.getKey(), to));
      all.add(new DataFile(to, bytes, staged.getValue(), draft.run()));
    }
    Snapshot next = draft.withFiles(all);
    List<String> gone = superseded.stream().sorted().toList();
    Publication publication =
        new Publication(
            next, moves, gone, record.file(), record.manifest(), lock.epoch(), record.receipts());
    // The plan says that the files are whole, also after a power cut.
    for (Move move : moves) {
      LocalDisk.sync(table.files(), new Path(directory, move.from()));
      LocalDisk.syncFolder(table.files(), new Path(directory, move.from()).getParent());
    }
    lock.requireHeld();
    RecordFile.create(
        table.files(), new Path(directory, Publication.FILE), RecordFile.json(publication));
    Step.PLAN_WRITTEN.done();
    publication.carryOut(table, directory, lock);
    return next;
  }

  /**
   * The beginning of the names of a version's files. The same run may have made the very same
   * version before and its record be lost: its files, which may be those that go now, keep their
   * names.
   */
  private String freeName(long version) throws IOException {
    String run = "part-%05d-%s".formatted(version, directory.getName().substring(0, 8));
    Set<String> present = table.visible().keySet();
    return IntStream.iterate(1, again -> again + 1)
        .mapToObj(again -> again == 1 ? run : run + "r" + again)
        .filter(name -> present.stream().noneMatch(file -> file.startsWith(name + "-")))
        .findFirst()
        .orElseThrow();
  }

  public void clear() throws IOException {
    lock.requireHeld();
    delete(table, directory);
  }

  /** Removes a staging directory, and the one that holds them if it is empty then. */
  static void delete(TableDirectory table, Path directory) throws IOException {
    table.files().delete(directory, true);
    if (table.list(table.stagingRoot()).isEmpty()) {
      try {
        // Not with what may come into it just now.
        table.files().delete(table.stagingRoot(), false);
      } catch (IOException e) {
        if (table.list(table.stagingRoot()).isEmpty()) {
          throw e;
        }
      }
    }
  }
}
