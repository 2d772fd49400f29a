package io.embark.spark.sql;

import io.embark.spark.metrics.CountingStats;
import java.io.Serializable;
import java.util.EnumMap;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.execution.metric.SQLMetric;
import org.apache.spark.sql.execution.metric.SQLMetrics;
import scala.Tuple2;
import scala.collection.immutable.Map;
import scala.collection.immutable.Map$;

/** The counters of one {@link EmbedTextExec}, as the SQL page of Spark's web UI shows them. */
public final class SqlEmbeddingMetrics extends CountingStats implements Serializable {
  private static final long serialVersionUID = 1;

  private final SQLMetric rows;
  private final EnumMap<Counter, SQLMetric> counted = new EnumMap<>(Counter.class);
  private transient Map<String, SQLMetric> byName = Map$.MODULE$.empty();

  public SqlEmbeddingMetrics(SparkContext context) {
    rows = named("numOutputRows", SQLMetrics.createMetric(context, "number of output rows"));
    count(context, Counter.TEXTS, "texts", "texts embedded");
    count(context, Counter.TOKENS, "tokens", "tokens");
    count(context, Counter.PADDED_TOKENS, "paddedTokens", "tokens with padding");
    count(context, Counter.BATCHES, "batches", "batches");
    time(context, Counter.READ_NANOS, "readTime", "time to read");
    time(context, Counter.TOKENIZE_NANOS, "tokenizeTime", "time to tokenize");
    time(context, Counter.WAIT_NANOS, "waitTime", "time waiting for the model");
    time(context, Counter.MODEL_NANOS, "modelTime", "time in the model");
    count(context, Counter.HALVINGS, "halvings", "batches halved for memory");
    count(context, Counter.FAILED, "failed", "texts failed");
    count(context, Counter.REPEATED, "repeated", "texts repeated within a buffer");
  }

  private void count(SparkContext context, Counter counter, String name, String label) {
    counted.put(counter, named(name, SQLMetrics.createMetric(context, label)));
  }

  private void time(SparkContext context, Counter counter, String name, String label) {
    counted.put(counter, named(name, SQLMetrics.createNanoTimingMetric(context, label, -1)));
  }

  private SQLMetric named(String name, SQLMetric metric) {
    byName = byName.$plus(new Tuple2<>(name, metric));
    return metric;
  }

  Map<String, SQLMetric> byName() {
    return byName;
  }

  void row() {
    rows.add(1);
  }

  @Override
  protected void add(Counter counter, long value) {
    SQLMetric metric = counted.get(counter);
    if (metric != null) {
      metric.add(value);
    }
  }
}
