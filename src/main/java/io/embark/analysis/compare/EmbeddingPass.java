package io.embark.analysis.compare;

import static org.apache.spark.sql.functions.col;

import io.embark.embed.EmbedderConfig;
import io.embark.spark.TextEmbedder;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * One pass of the model over texts, which gives the vectors of all candidates.
 *
 * @param config with every pooling and layer that is compared
 */
public record EmbeddingPass(EmbedderConfig config, List<Candidate> candidates) {

  /** Embeds the column {@code side_text}; what it adds starts with {@code side_}. */
  public TextEmbedder embedder(String side) {
    return new TextEmbedder()
        .setConfig(config)
        .setInputCol(side + "_text")
        .setOutputCol(side)
        .setAccountPrefix(side + "_");
  }

  /** The vectors that {@link #embedder} added, under the names of {@link Candidate#column}. */
  public List<Column> vectors(String side) {
    List<String> made = embedder(side).vectorColumns();
    List<Column> columns = new ArrayList<>();
    for (int i = 0; i < made.size(); i++) {
      columns.add(col(made.get(i)).as(candidates.get(i).column(side)));
    }
    return columns;
  }

  /**
   * Embeds texts.
   *
   * @param rows {@code row bigint}, {@code v_text string} and perhaps {@code label}
   * @return {@code row}, {@code text}, {@code label} if there is one, a column of vectors for each
   *     candidate, and {@code whole boolean}: whether the row has them all
   */
  public Dataset<Row> over(Dataset<Row> rows) {
    List<Column> kept = new ArrayList<>();
    kept.add(col("row"));
    kept.add(col("v_text").as("text"));
    if (List.of(rows.columns()).contains("label")) {
      kept.add(col("label"));
    }
    kept.addAll(vectors("v"));
    kept.add(col("v_status").equalTo("OK").as("whole"));
    return embedder("v").transform(rows).select(kept.toArray(Column[]::new));
  }
}
