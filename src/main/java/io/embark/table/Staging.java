package io.embark.table;

import com.fasterxml.jackson.databind.JsonNode;
import io.embark.model.Fingerprint;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The finished parts of a run that is not published yet, under {@code _embark/staging/KEY}, where
 * no reader looks. The key says what is embedded and how; a run with the same key goes on where an
 * earlier one ended, and what runs with other keys left is removed.
 */
public final class Staging {
  private static final Logger LOG = LoggerFactory.getLogger(Staging.class);
  private static final int KEY_DIGITS = 16;
  private static final String RUN = "run.json";
  private static final String PUBLISH = "publish.json";
  private static final Pattern SLICE =
      Pattern.compile(SliceCommitProtocol.PREFIX + "(\\d{5,})\\.parquet");

  private final TableDirectory table;
  private final Map<String, String> facts;
  private final Path directory;

  private Staging(TableDirectory table, Map<String, String> facts) {
    this.table = table;
    this.facts = new TreeMap<>(facts);
    this.directory = new Path(table.stagingRoot(), key());
  }

  /** Whether a run died while it published. What it published may not be read as it lies there. */
  public static boolean unfinishedPublication(TableDirectory table) throws IOException {
    for (FileStatus run : table.list(table.stagingRoot())) {
      if (table.files().exists(new Path(run.getPath(), PUBLISH))) {
        return true;
      }
    }
    return false;
  }

  /** What runs that have not ended, or were killed, have done so far, a line each, for people. */
  static List<String> unfinished(TableDirectory table) throws IOException {
    List<String> lines = new ArrayList<>();
    for (FileStatus found : table.list(table.stagingRoot())) {
      Path file = new Path(found.getPath(), RUN);
      byte[] bytes = AtomicFile.read(table.files(), file);
      if (bytes != null) {
        StagedRun run = Json.parse(bytes, StagedRun.class, file);
        Path slices = new Path(found.getPath(), "slices");
        lines.add(
            "%,d of %,d slices are done of a run (%s) that is to embed %,d rows in mode %s"
                .formatted(
                    slices(table, slices).size(),
                    run.slices(),
                    run.key().substring(0, 8),
                    run.rows(),
                    run.facts().get("mode")));
      }
    }
    return lines;
  }

  /**
   * A version that was published for a run that had died.
   *
   * @param manifest the run's record
   */
  public record Recovered(Snapshot snapshot, JsonNode manifest) {}

  /** Finishes what a run that died had begun to publish. The caller holds the lock. */
  public static List<Recovered> recover(TableDirectory table) throws IOException {
    List<Recovered> recovered = new ArrayList<>();
    for (FileStatus run : table.list(table.stagingRoot())) {
      Path file = new Path(run.getPath(), PUBLISH);
      byte[] bytes = AtomicFile.read(table.files(), file);
      if (bytes != null) {
        Publication publication = Json.parse(bytes, Publication.class, file);
        publication.logTakeOver(table);
        publication.carryOut(table, run.getPath());
        recovered.add(new Recovered(publication.snapshot(), publication.manifest()));
      }
    }
    return recovered;
  }

  /**
   * The staging directory of a run, after {@link #recover}. The caller holds the lock.
   *
   * @param facts all that decides what the run writes
   */
  public static Staging of(TableDirectory table, Map<String, String> facts) throws IOException {
    Staging staging = new Staging(table, facts);
    for (FileStatus run : table.list(table.stagingRoot())) {
      if (!run.getPath().getName().equals(staging.key())) {
        staging.discard(run.getPath());
      }
    }
    return staging;
  }

  private void discard(Path other) throws IOException {
    byte[] bytes = AtomicFile.read(table.files(), new Path(other, RUN));
    if (bytes != null) {
      StagedRun run = Json.parse(bytes, StagedRun.class, new Path(other, RUN));
      LOG.warn(
          "Throwing away {} slices of an unfinished run that this one does not continue: {}",
          slices(table, new Path(other, "slices")).size(),
          String.join("; ", run.differences(facts)));
    }
    table.files().delete(other, true);
  }

  /** Short enough for a file name, long enough to be the only one. */
  public String key() {
    return key(facts);
  }

  /** The key of a run, which its snapshot names. */
  public static String key(Map<String, String> facts) {
    return Fingerprint.of(new TreeMap<>(facts).toString()).substring(0, KEY_DIGITS);
  }

  /** The run that an earlier attempt began, if there was one. */
  public Optional<StagedRun> begun() throws IOException {
    Path file = new Path(directory, RUN);
    byte[] bytes = AtomicFile.read(table.files(), file);
    return bytes == null ? Optional.empty() : Optional.of(Json.parse(bytes, StagedRun.class, file));
  }

  /** Writes down what is about to be done, before it is. */
  public StagedRun begin(long rows, int slices, double[][] int8Ranges, List<String> post)
      throws IOException {
    StagedRun run = new StagedRun(key(), facts, rows, slices, int8Ranges, post);
    table.files().delete(directory, true);
    AtomicFile.create(table.files(), new Path(directory, RUN), Json.bytes(run));
    return run;
  }

  /** Where slices are written. */
  public String slices() {
    return new Path(directory, "slices").toString();
  }

  /** Where a part is written that is made anew by each attempt. */
  public String part(String name) {
    return new Path(directory, name).toString();
  }

  /**
   * The Parquet files of a part. One without rows is among them: it still tells readers the
   * columns.
   *
   * @throws IOException if there is none
   */
  public List<FileStatus> files(String part) throws IOException {
    List<FileStatus> found =
        table.list(new Path(directory, part)).stream()
            .filter(file -> isData(file.getPath().getName()))
            .toList();
    if (found.isEmpty()) {
      throw new IOException("No file in " + part(part) + ".");
    }
    return found;
  }

  private static boolean isData(String name) {
    return name.endsWith(".parquet") && !name.startsWith(".") && !name.startsWith("_");
  }

  /** Numbers of the slices that are done. */
  public Set<Integer> done() throws IOException {
    return slices(table, new Path(slices()));
  }

  /** The files of slices that are done. */
  public List<FileStatus> filesOf(Set<Integer> done) throws IOException {
    Set<String> names = done.stream().map(SliceCommitProtocol::fileOf).collect(Collectors.toSet());
    return table.list(new Path(slices())).stream()
        .filter(file -> names.contains(file.getPath().getName()))
        .toList();
  }

  private static Set<Integer> slices(TableDirectory table, Path slices) throws IOException {
    Set<Integer> done = new TreeSet<>();
    for (FileStatus file : table.list(slices)) {
      Matcher name = SLICE.matcher(file.getPath().getName());
      if (name.matches()) {
        done.add(Integer.parseInt(name.group(1)));
      }
    }
    return done;
  }

  /**
   * Makes staged files the table's next version. Once this method has begun to change anything, the
   * version will come, if not by this process, then by the next that takes the lock.
   *
   * @param draft the next version but for its files
   * @param kept files of the version before that stay
   * @param superseded names of files and folders that go
   * @param rowsOf rows of each staged file, by its path below the staging directory
   * @param manifest the record of the run
   */
  public Snapshot publish(
      TableLock lock,
      Snapshot draft,
      List<DataFile> kept,
      Collection<String> superseded,
      Map<String, Long> rowsOf,
      String manifestName,
      JsonNode manifest)
      throws IOException {
    FileSystem files = table.files();
    List<DataFile> all = new ArrayList<>(kept);
    List<Publication.Move> moves = new ArrayList<>();
    String name = nameOf(draft);
    boolean rows = !kept.isEmpty() || rowsOf.values().stream().anyMatch(n -> n > 0);
    for (Map.Entry<String, Long> staged : new TreeMap<>(rowsOf).entrySet()) {
      if (staged.getValue() == 0 && (rows || !moves.isEmpty())) {
        continue;
      }
      String to = "%s-%05d.parquet".formatted(name, moves.size());
      long bytes = files.getFileStatus(new Path(directory, staged.getKey())).getLen();
      moves.add(new Publication.Move(staged.getKey(), to));
      all.add(new DataFile(to, bytes, staged.getValue(), draft.run()));
    }
    Snapshot next =
        new Snapshot(
            Snapshot.FORMAT,
            draft.id(),
            draft.run(),
            draft.mode(),
            draft.committed(),
            draft.schema(),
            all);
    Publication publication =
        new Publication(next, moves, superseded.stream().sorted().toList(), manifestName, manifest);
    lock.requireHeld();
    AtomicFile.create(files, new Path(directory, PUBLISH), Json.bytes(publication));
    publication.carryOut(table, directory);
    return next;
  }

  /**
   * What the files of a version are called. The same run may have made the very same version before
   * and its record be lost: its files, which may be those that go now, keep their names.
   */
  private String nameOf(Snapshot version) throws IOException {
    String run = "part-%05d-%s".formatted(version.id(), key().substring(0, 8));
    Set<String> present = table.visible().keySet();
    String name = run;
    for (int again = 2; isTaken(name, present); again++) {
      name = run + "r" + again;
    }
    return name;
  }

  private static boolean isTaken(String name, Set<String> present) {
    return present.stream().anyMatch(file -> file.startsWith(name + "-"));
  }

  /** Removes what was staged. */
  public void clear() throws IOException {
    delete(table, directory);
  }

  /** Removes a staging directory, and the one that holds them if it is empty then. */
  static void delete(TableDirectory table, Path directory) throws IOException {
    table.files().delete(directory, true);
    if (table.list(table.stagingRoot()).isEmpty()) {
      table.files().delete(table.stagingRoot(), true);
    }
  }
}
