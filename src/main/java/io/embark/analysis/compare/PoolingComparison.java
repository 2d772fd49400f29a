package io.embark.analysis.compare;

import static org.apache.spark.sql.functions.monotonically_increasing_id;

import io.embark.UserError;
import io.embark.embed.EmbedderConfig;
import io.embark.spark.column.Columns;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Compares poolings on texts of one's own, from Java or a notebook: what {@code jobs/compare.sh}
 * does, on a {@code Dataset}. All rows are used; take a sample of large tables first.
 *
 * @param config the model, and the poolings and layers to compare; every pooling that the model
 *     allows where none is set
 * @param seeds runs of k-means, and random splits of the probe, 2 or more
 * @param scratch a folder that driver and executors reach; what is kept in it is deleted
 */
public record PoolingComparison(
    EmbedderConfig config, int seeds, int neighbourRows, String scratch) {
  /** Default of {@code seeds}, in {@code jobs/compare.sh} too. */
  public static final int SEEDS = 3;

  /** Default of {@code neighbourRows}, in {@code jobs/compare.sh} too. */
  public static final int NEIGHBOUR_ROWS = 2000;

  public PoolingComparison(EmbedderConfig config, String scratch) {
    this(config, SEEDS, NEIGHBOUR_ROWS, scratch);
  }

  /**
   * Measures how well labels are told from the vectors, and what vectors alone show.
   *
   * @throws UserError if a column is missing, or rows or labels are too few
   */
  public Comparison onLabels(Dataset<Row> rows, String textCol, String labelCol) {
    return measure(rows, textCol, Optional.of(labelCol));
  }

  /** As {@link #onLabels}, without labels: describes the vectors, and ranks nothing. */
  public Comparison onTexts(Dataset<Row> rows, String textCol) {
    return measure(rows, textCol, Optional.empty());
  }

  private Comparison measure(Dataset<Row> rows, String textCol, Optional<String> labelCol) {
    List<Column> columns = new ArrayList<>();
    columns.add(column(rows, textCol).cast("string").as("v_text"));
    labelCol.ifPresent(label -> columns.add(column(rows, label).cast("string").as("label")));
    int slots = rows.sparkSession().sparkContext().defaultParallelism();
    Dataset<Row> numbered =
        rows.select(columns.toArray(Column[]::new))
            .repartition(2 * slots)
            .withColumn("row", monotonically_increasing_id());
    List<String> notes = new ArrayList<>();
    EmbeddingPass pass = EmbeddingPass.of(config, notes);
    try (Scratch tables = new Scratch(rows.sparkSession(), new Path(scratch))) {
      Dataset<Row> kept = tables.keep("texts", pass.overTexts(numbered));
      Dataset<Row> whole = EmbeddingPass.whole(kept, "rows", notes);
      return new Comparer(tables, whole, Optional.empty(), 0, seeds, neighbourRows, slots)
          .measure(pass, pass.candidates(), notes);
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
  }

  private static Column column(Dataset<Row> rows, String name) {
    if (!List.of(rows.columns()).contains(name)) {
      throw new UserError(
          "No column '%s' in the table; it has %s."
              .formatted(name, String.join(", ", rows.columns())));
    }
    return Columns.of(rows, name);
  }
}
