package io.embark.cli.embed;

import io.embark.cli.JobSettings;
import io.embark.cli.Words;
import io.embark.cli.embed.QualityGate.RowLimit;
import io.embark.spark.column.Columns;
import io.embark.table.Changes;
import io.embark.table.Changes.Kind;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Judges, before anything is embedded or written, the rows that {@code --sync-deletes} would drop:
 * an input that is cut off, or a file that is missing from it, looks like ids that are gone.
 *
 * @param target the rows of the table
 */
record DeletionGate(EmbedPlan plan, Dataset<Row> target, Changes changes) {
  private static final int EXAMPLES = 5;

  /**
   * Refuses more than {@code --max-deleted-rows}; releases the changes then.
   *
   * @throws QualityGate.Failed with examples of ids
   */
  void require() {
    JobSettings settings = plan.settings();
    RowLimit limit = settings.get(EmbedSettings.MAX_DELETED_ROWS);
    long gone = changes.count(Kind.GONE);
    long rows = total() - changes.count(Kind.NEW);
    boolean isAllowed = settings.isSet(EmbedSettings.MAX_DELETED_ROWS) && limit.isAll();
    boolean emptied = total() == gone && !isAllowed;
    if (gone == 0 || !emptied && !limit.passedBy(gone, rows)) {
      return;
    }
    try (changes) {
      throw new QualityGate.Failed(
          Words.of(
              "Nothing was written: sync-deletes would drop %,d of the table's %,d rows (%s), where %s."
                  + " Some of their ids: %s. Look whether the input is whole; if they are to go, give"
                  + " %s.",
              gone,
              rows,
              percent(gone, rows),
              emptied ? "the input has no rows" : "max-deleted-rows allows " + limit.inWords(),
              examples(),
              emptied ? "--max-deleted-rows 100%" : "--max-deleted-rows " + gone));
    }
  }

  private long total() {
    return Stream.of(Kind.values()).mapToLong(changes::count).sum();
  }

  private static String percent(long gone, long rows) {
    return Words.of("%.1f %%", 100.0 * gone / rows);
  }

  private String examples() {
    Column id = Columns.of(plan.idCol());
    return changes
        .of(target.select(id), Kind.GONE)
        .select(id.cast("string"))
        .limit(EXAMPLES)
        .collectAsList()
        .stream()
        .map(row -> row.getString(0))
        .collect(Collectors.joining(", "));
  }
}
