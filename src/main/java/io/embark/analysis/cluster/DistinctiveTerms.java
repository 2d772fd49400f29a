package io.embark.analysis.cluster;

import static org.apache.spark.sql.functions.*;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.ml.feature.RegexTokenizer;
import org.apache.spark.ml.feature.StopWordsRemover;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.expressions.Window;
import org.apache.spark.sql.expressions.WindowSpec;
import org.apache.spark.storage.StorageLevel;

/**
 * The words that tell a cluster from the others, by class-based TF-IDF: the texts of a cluster
 * taken as one document, a word weighs tf(word, cluster) log(1 + A / f(word)), with f its count in
 * all clusters and A the mean count of words of a cluster (Grootendorst 2022, "BERTopic", section
 * 3.3). Here tf is the fraction of the cluster's words, so that weights of clusters of different
 * size can be compared.
 */
public final class DistinctiveTerms {
  /** No stop words are taken out. */
  public static final String NO_STOP_WORDS = "none";

  /** A letter, then letters, digits and what stands in names such as c++ and c#. */
  private static final String WORD = "\\p{L}[\\p{L}\\p{M}\\p{N}'’+#]*";

  private DistinctiveTerms() {}

  /** A word and its weight. */
  public record Term(String term, double weight, long count) {}

  /**
   * The heaviest words of each cluster, heaviest first.
   *
   * @param rows columns {@code cluster int} and {@code text string}; nulls are left out
   * @param stopWords a language whose stop words Spark brings, or {@link #NO_STOP_WORDS}
   */
  public static Map<Integer, List<Term>> of(Dataset<Row> rows, String stopWords, int most) {
    // The optimizer may run the tokenizer before the nulls are out, which it does not take.
    Dataset<Row> texts =
        rows.na().drop().select(col("cluster"), coalesce(col("text"), lit("")).as("text"));
    Dataset<Row> words =
        new RegexTokenizer()
            .setInputCol("text")
            .setOutputCol("words")
            .setGaps(false)
            .setPattern(WORD)
            .setMinTokenLength(2)
            .transform(texts);
    String[] dropped =
        stopWords.equals(NO_STOP_WORDS)
            ? new String[0]
            : StopWordsRemover.loadDefaultStopWords(stopWords);
    Dataset<Row> counts =
        new StopWordsRemover()
            .setInputCol("words")
            .setOutputCol("kept")
            .setStopWords(dropped)
            .transform(words)
            .select(col("cluster"), explode(col("kept")).as("term"))
            .groupBy("cluster", "term")
            .agg(count(lit(1)).as("n"))
            .persist(StorageLevel.MEMORY_AND_DISK());
    try {
      return heaviest(counts, most);
    } finally {
      counts.unpersist();
    }
  }

  private static Map<Integer, List<Term>> heaviest(Dataset<Row> counts, int most) {
    Dataset<Row> ofClusters = counts.groupBy("cluster").agg(sum("n").as("words"));
    Row mean = ofClusters.agg(avg("words")).head();
    if (mean.isNullAt(0)) {
      return Map.of();
    }
    Dataset<Row> ofTerms = counts.groupBy("term").agg(sum("n").as("everywhere"));
    Column rarity = log1p(lit(mean.getDouble(0)).divide(col("everywhere")));
    WindowSpec heaviestFirst =
        Window.partitionBy("cluster").orderBy(col("weight").desc(), col("term"));
    Dataset<Row> weighed =
        counts
            .join(ofClusters, "cluster")
            .join(ofTerms, "term")
            .withColumn("weight", col("n").divide(col("words")).multiply(rarity))
            .withColumn("place", row_number().over(heaviestFirst))
            .where(col("place").leq(most))
            .orderBy("cluster", "place");
    Map<Integer, List<Term>> terms = new TreeMap<>();
    for (Row row : weighed.select("cluster", "term", "weight", "n").collectAsList()) {
      terms
          .computeIfAbsent(row.getInt(0), cluster -> new ArrayList<>())
          .add(new Term(row.getString(1), row.getDouble(2), row.getLong(3)));
    }
    return terms;
  }
}
