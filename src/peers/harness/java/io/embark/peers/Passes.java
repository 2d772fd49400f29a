package io.embark.peers;

import java.util.Map;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * One library in a JVM of its own, which embeds the same texts several times, from Parquet to
 * Parquet. The first pass is told by a line when it ends, the later ones by their seconds: whoever
 * started this JVM sees both what a run costs and what it settles to.
 */
public final class Passes {
  /** Begins the lines that are not somebody's log. */
  public static final String MARK = "embark-pass ";

  private Passes() {}

  /**
   * Runs the passes.
   *
   * @param args folder with columns id and text, folder to write, and how many passes
   * @param settings of Spark, beside those that are the same for all
   * @param library opened once, gives the ids with their vectors as floats
   */
  public static void run(
      String[] args,
      Map<String, String> settings,
      Function<SparkSession, UnaryOperator<Dataset<Row>>> library) {
    SparkSession.Builder builder =
        SparkSession.builder().master("local[2]").config("spark.ui.enabled", false);
    settings.forEach(builder::config);
    SparkSession spark = builder.getOrCreate();
    UnaryOperator<Dataset<Row>> embed = library.apply(spark);
    for (int pass = 0; pass < Integer.parseInt(args[2]); pass++) {
      long start = System.nanoTime();
      embed.apply(spark.read().parquet(args[0])).write().mode("overwrite").parquet(args[1]);
      System.out.println(MARK + (System.nanoTime() - start) / 1e9);
    }
    spark.stop();
  }
}
