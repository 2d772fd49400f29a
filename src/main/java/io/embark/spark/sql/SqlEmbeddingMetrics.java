package io.embark.spark.sql;

import io.embark.batch.Batch;
import io.embark.embed.EmbeddingStats;
import java.io.Serializable;
import java.util.LinkedHashMap;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.execution.metric.SQLMetric;
import org.apache.spark.sql.execution.metric.SQLMetrics;
import scala.Tuple2;
import scala.collection.immutable.Map;
import scala.collection.immutable.Map$;

/** The counters of one {@link EmbedTextExec}, as the SQL page of Spark's web UI shows them. */
public final class SqlEmbeddingMetrics implements EmbeddingStats, Serializable {
  private static final long serialVersionUID = 1;

  private final SQLMetric rows;
  private final SQLMetric texts;
  private final SQLMetric tokens;
  private final SQLMetric paddedTokens;
  private final SQLMetric batches;
  private final SQLMetric readTime;
  private final SQLMetric tokenizeTime;
  private final SQLMetric waitTime;
  private final SQLMetric modelTime;
  private final SQLMetric halvings;
  private final SQLMetric failed;
  private final SQLMetric repeated;
  private final transient Map<String, SQLMetric> byName;

  public SqlEmbeddingMetrics(SparkContext context) {
    rows = SQLMetrics.createMetric(context, "number of output rows");
    texts = SQLMetrics.createMetric(context, "texts embedded");
    tokens = SQLMetrics.createMetric(context, "tokens");
    paddedTokens = SQLMetrics.createMetric(context, "tokens with padding");
    batches = SQLMetrics.createMetric(context, "batches");
    readTime = SQLMetrics.createNanoTimingMetric(context, "time to read", -1);
    tokenizeTime = SQLMetrics.createNanoTimingMetric(context, "time to tokenize", -1);
    waitTime = SQLMetrics.createNanoTimingMetric(context, "time waiting for the model", -1);
    modelTime = SQLMetrics.createNanoTimingMetric(context, "time in the model", -1);
    halvings = SQLMetrics.createMetric(context, "batches halved for memory");
    failed = SQLMetrics.createMetric(context, "texts failed");
    repeated = SQLMetrics.createMetric(context, "texts repeated within a buffer");
    LinkedHashMap<String, SQLMetric> named = new LinkedHashMap<>();
    named.put("numOutputRows", rows);
    named.put("texts", texts);
    named.put("tokens", tokens);
    named.put("paddedTokens", paddedTokens);
    named.put("batches", batches);
    named.put("readTime", readTime);
    named.put("tokenizeTime", tokenizeTime);
    named.put("waitTime", waitTime);
    named.put("modelTime", modelTime);
    named.put("halvings", halvings);
    named.put("failed", failed);
    named.put("repeated", repeated);
    Map<String, SQLMetric> all = Map$.MODULE$.empty();
    for (java.util.Map.Entry<String, SQLMetric> entry : named.entrySet()) {
      all = all.$plus(new Tuple2<>(entry.getKey(), entry.getValue()));
    }
    byName = all;
  }

  Map<String, SQLMetric> byName() {
    return byName;
  }

  void row() {
    rows.add(1);
  }

  @Override
  public void read(int count, long nanos) {
    readTime.add(nanos);
  }

  @Override
  public void waited(long nanos) {
    waitTime.add(nanos);
  }

  @Override
  public void tokenized(int count, long nanos) {
    tokenizeTime.add(nanos);
  }

  @Override
  public void repeated(int count) {
    repeated.add(count);
  }

  @Override
  public void batch(Batch batch, long nanos) {
    texts.add(batch.size());
    tokens.add(batch.tokens());
    paddedTokens.add(batch.paddedTokens());
    batches.add(1);
    modelTime.add(nanos);
  }

  @Override
  public void halved() {
    halvings.add(1);
  }

  @Override
  public void failed(int count) {
    failed.add(count);
  }
}
