package io.embark.cli.embed;

import io.embark.spark.column.Columns;
import io.embark.table.Changes;
import io.embark.table.Changes.Kind;
import io.embark.table.Embark;
import io.embark.table.Snapshot;
import io.embark.table.Snapshot.DataFile;
import io.embark.table.TableDirectory;
import java.net.URI;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;

/**
 * The changes that an incremental run makes to a table of files: rows that are new or whose text
 * changed are embedded; files with rows that changed or go are written anew without them (copy on
 * write), so that the files at rest are the table, for every reader.
 */
final class IncrementalPlan implements AutoCloseable {
  /** Files with fewer rows than this fraction of a slice are small. */
  private static final double SMALL = 0.25;

  /** From so many small files on they are joined. */
  private static final int MANY = 32;

  private final EmbedPlan plan;
  private final TableDirectory directory;
  private final Snapshot base;
  private final boolean evolves;
  private final Kind[] dropped;
  private final int commitRows;
  final Changes changes;

  /** The files that stay as they are. */
  final List<DataFile> kept;

  /** The files that go. */
  final List<DataFile> superseded;

  IncrementalPlan(EmbedPlan plan, TableDirectory directory, Snapshot base) {
    this.plan = plan;
    this.directory = directory;
    this.evolves = !plan.schema().equals(base.structType());
    // Columns that the table is to get are null in its files.
    this.base = base.withSchema(plan.schema());
    this.commitRows = plan.settings().get(EmbedSettings.COMMIT_ROWS);
    Dataset<Row> table = Embark.read(plan.spark(), directory, this.base);
    // Not by its name, which a column of the table may have.
    this.changes =
        plan.changes(
            table,
            base.files().isEmpty()
                ? functions.lit("")
                : table.metadataColumn("_metadata").getField("file_name"));
    this.dropped =
        plan.settings().get(EmbedSettings.SYNC_DELETES)
            ? new Kind[] {Kind.CHANGED, Kind.FAILED, Kind.GONE}
            : new Kind[] {Kind.CHANGED, Kind.FAILED};
    Kind[] moved = Stream.concat(Stream.of(dropped), Stream.of(Kind.UPDATED)).toArray(Kind[]::new);
    Set<String> affected = known(changes.files(moved), base);
    List<String> small =
        base.files().stream()
            .filter(f -> f.rows() >= 0 && f.rows() < SMALL * commitRows)
            .map(DataFile::name)
            .toList();
    if (small.size() > MANY) {
      affected.addAll(small);
    }
    // Readers that know nothing of snapshots take the columns of any file for those of all.
    Map<Boolean, List<DataFile>> goes =
        base.files().stream()
            .collect(Collectors.partitioningBy(f -> evolves || affected.contains(f.name())));
    this.kept = goes.get(false);
    this.superseded = goes.get(true);
  }

  /** Names of files on disk, which Spark gives URL-encoded with a row: a space as %20. */
  private static Set<String> known(List<String> encoded, Snapshot base) {
    Set<String> all = base.files().stream().map(DataFile::name).collect(Collectors.toSet());
    Set<String> names = new HashSet<>();
    for (String each : encoded) {
      // Behind a slash no part of a name is taken for a scheme.
      String name = URI.create("/" + each).getPath().substring(1);
      if (!all.contains(name)) {
        throw new IllegalStateException(
            ("Rows that differ were read from the file %s (%s), which is none of the %d files of"
                    + " the table; its old rows would stay. Rename the file, or write the table anew.")
                .formatted(name, each, all.size()));
      }
      names.add(name);
    }
    return names;
  }

  /** Whether the table would be the same afterwards. */
  boolean isEmpty() {
    return !evolves
        && changes.toEmbed() == 0
        && changes.count(Kind.UPDATED) == 0
        && Stream.of(dropped).allMatch(kind -> changes.count(kind) == 0);
  }

  /** How many rows {@link #rewritten} has; empty if nobody counted those of the files that go. */
  OptionalLong rewrittenRows() {
    if (superseded.stream().anyMatch(f -> f.rows() < 0)) {
      return OptionalLong.empty();
    }
    long before = superseded.stream().mapToLong(DataFile::rows).sum();
    return OptionalLong.of(before - Stream.of(dropped).mapToLong(changes::count).sum());
  }

  /**
   * At most as many as go, and no more than their rows fill: on many cores Spark reads every small
   * file in a task of its own, and each would come out as small as it was.
   */
  private int rewrittenFiles() {
    OptionalLong rows = rewrittenRows();
    if (rows.isEmpty()) {
      return superseded.size();
    }
    long filled = (rows.getAsLong() + commitRows - 1) / commitRows;
    return (int) Math.min(superseded.size(), Math.max(1, filled));
  }

  /** What stays of the files that go, with the input's columns where only those changed. */
  Optional<Dataset<Row>> rewritten() {
    if (superseded.isEmpty()) {
      return Optional.empty();
    }
    Dataset<Row> affectedRows = Embark.read(plan.spark(), directory, base.withFiles(superseded));
    Dataset<Row> old = changes.notOf(affectedRows, dropped);
    Dataset<Row> all =
        changes.count(Kind.UPDATED) == 0
            ? old
            : changes.notOf(old, Kind.UPDATED).union(updated(changes.of(old, Kind.UPDATED)));
    return Optional.of(Changes.as(base.structType(), all).coalesce(rewrittenFiles()));
  }

  /** The columns of the input as they are now, beside the vectors as they were. */
  private Dataset<Row> updated(Dataset<Row> old) {
    List<String> ofInput = List.of(plan.rows().columns());
    // Renamed, because both sides come from the same input and Spark could not tell them apart.
    String prefix = Columns.free("now_", old.columns());
    Dataset<Row> now =
        changes
            .of(plan.rows(), Kind.UPDATED)
            .toDF(ofInput.stream().map(name -> prefix + name).toArray(String[]::new));
    Column[] columns =
        Stream.of(base.structType().fieldNames())
            .map(name -> Columns.of(ofInput.contains(name) ? prefix + name : name).as(name))
            .toArray(Column[]::new);
    Column same = Columns.of(plan.idCol()).equalTo(Columns.of(prefix + plan.idCol()));
    return old.join(now, same).select(columns);
  }

  @Override
  public void close() {
    changes.close();
  }
}
