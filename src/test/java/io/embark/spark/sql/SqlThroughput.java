package io.embark.spark.sql;

import io.embark.spark.TextEmbedder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Compares the speed of {@code embed_text} with that of {@link TextEmbedder}: a program, not a
 * test. Arguments: a file with one text per line, how many of them, and how many rounds. Each round
 * runs both, in turns, so that whatever else the machine does meets both alike.
 */
final class SqlThroughput {
  private SqlThroughput() {}

  public static void main(String[] args) throws IOException {
    int count = Integer.parseInt(args[1]);
    int rounds = Integer.parseInt(args[2]);
    List<String> texts = Files.readAllLines(Path.of(args[0])).stream().limit(count).toList();
    SqlSpark.texts("bench", 2, texts);
    SqlSpark.session().table("bench").cache().count();
    TextEmbedder embedder =
        new TextEmbedder()
            .setModel("builtin:all-MiniLM-L6-v2")
            .setDevice("cpu")
            .setOutputType("float_array");
    double[] byTransformer = new double[rounds];
    double[] bySql = new double[rounds];
    double[] ratios = new double[rounds];
    for (int round = -1; round < rounds; round++) {
      double transformer =
          seconds(embedder.transform(SqlSpark.session().table("bench")).select("id", "embedding"));
      double sql = seconds(SqlSpark.sql("SELECT id, embed_text(text) AS embedding FROM bench"));
      // The first round warms up.
      if (round >= 0) {
        byTransformer[round] = transformer;
        bySql[round] = sql;
        ratios[round] = transformer / sql;
        System.out.printf(
            Locale.ROOT,
            "round %d: TextEmbedder %.1f rows/s, embed_text %.1f rows/s%n",
            round,
            texts.size() / transformer,
            texts.size() / sql);
      }
    }
    System.out.printf(
        Locale.ROOT,
        "medians of %d rounds of %d texts: TextEmbedder %.1f rows/s, embed_text %.1f rows/s, ratio"
            + " within a round %.3f%n",
        rounds,
        texts.size(),
        texts.size() / median(byTransformer),
        texts.size() / median(bySql),
        median(ratios));
  }

  private static double seconds(Dataset<Row> rows) {
    long start = System.nanoTime();
    rows.write().format("noop").mode("overwrite").save();
    return (System.nanoTime() - start) / 1e9;
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int half = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  }
}
