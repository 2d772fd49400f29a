package io.embark.spark.sql;

import io.embark.spark.EmbarkExtensions;
import io.embark.spark.catalyst.ScalaSeq;
import io.embark.testing.LocalSpark;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.execution.adaptive.AdaptiveSparkPlanExec;
import org.apache.spark.sql.execution.adaptive.QueryStageExec;

/**
 * A session with Embark's SQL functions beside the plain one of the other tests. Both share the
 * JVM's one Spark context; extensions are read when a session is made, so this one is made with the
 * plain one out of sight, which is then put back.
 */
public final class SqlSpark {
  private static SparkSession session;

  private SqlSpark() {}

  public static synchronized SparkSession session() {
    // Which starts a context if there is none.
    LocalSpark.session();
    if (session == null || session.sparkContext().isStopped()) {
      session = with(builder -> builder);
    }
    return session;
  }

  /** One more session, with what else is asked for. */
  static synchronized SparkSession with(UnaryOperator<SparkSession.Builder> more) {
    SparkSession plain = LocalSpark.session();
    SparkSession.clearActiveSession();
    SparkSession.clearDefaultSession();
    SparkSession made =
        more.apply(
                SparkSession.builder()
                    .withExtensions(new EmbarkExtensions())
                    .config("spark.sql.shuffle.partitions", "2")
                    .config("spark.embark.device", "cpu"))
            .getOrCreate();
    SparkSession.setActiveSession(plain);
    SparkSession.setDefaultSession(plain);
    return made;
  }

  static Dataset<Row> sql(String query) {
    return session().sql(query);
  }

  /** A view {@code name} over rows {@code (id, text)}, as {@link LocalSpark#texts} makes them. */
  static void texts(String name, int partitions, List<String> texts) {
    Dataset<Row> rows = LocalSpark.texts(partitions, texts);
    session()
        .createDataFrame(rows.collectAsList(), rows.schema())
        .repartition(partitions)
        .createOrReplaceTempView(name);
  }

  static LogicalPlan optimized(Dataset<Row> query) {
    return query.queryExecution().optimizedPlan();
  }

  /** The operators of an executed query, those in the stages of adaptive execution too. */
  static List<EmbedTextExec> operators(Dataset<Row> query) {
    List<EmbedTextExec> found = new ArrayList<>();
    collect(query.queryExecution().executedPlan(), found);
    return found;
  }

  private static void collect(SparkPlan plan, List<EmbedTextExec> found) {
    if (plan instanceof EmbedTextExec embed) {
      found.add(embed);
    }
    if (plan instanceof AdaptiveSparkPlanExec adaptive) {
      collect(adaptive.executedPlan(), found);
    } else if (plan instanceof QueryStageExec stage) {
      collect(stage.plan(), found);
    }
    ScalaSeq.toJava(plan.children()).forEach(child -> collect(child, found));
    ScalaSeq.toJava(plan.subqueries()).forEach(subquery -> collect(subquery, found));
  }

  /** A counter summed over the operators of a query that has run. */
  static long counted(Dataset<Row> query, String metric) {
    return operators(query).stream()
        .mapToLong(operator -> operator.metrics().apply(metric).value())
        .sum();
  }
}
