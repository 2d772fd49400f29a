package io.embark.cli.embed;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import io.embark.spark.metrics.CountingStats.Counter;
import io.embark.spark.metrics.EmbeddingMetrics;
import org.apache.spark.SparkEnv;
import org.apache.spark.metrics.source.Source;

/**
 * The run as a whole, as source {@code embark.run} of Spark's metrics system on the driver, where
 * the Prometheus servlet of the web UI shows it. Rows are as current as the last heartbeat, all
 * else counts tasks that have ended.
 */
final class RunGauges implements Source, AutoCloseable {
  private final MetricRegistry registry = new MetricRegistry();

  /** Registers them with Spark, until they are closed. */
  RunGauges(Progress progress, EmbeddingMetrics metrics) {
    add("rows", progress::rows);
    add("rowsToEmbed", progress::total);
    add("rowsPerSecond", () -> progress.rows() / progress.seconds());
    add("failedTasks", progress::failedTasks);
    add("tokens", metrics::tokens);
    add("tokensPerSecond", () -> metrics.tokens() / progress.seconds());
    add("padding", metrics::padding);
    add("batches", () -> metrics.count(Counter.BATCHES));
    add("batchesHalved", () -> metrics.count(Counter.HALVINGS));
    add("textsRepeated", () -> metrics.count(Counter.REPEATED));
    add("textsFailed", () -> metrics.count(Counter.FAILED));
    add("tasksWithoutGpu", () -> metrics.count(Counter.CPU_FOR_WANT_OF_GPU));
    add("readSeconds", () -> metrics.seconds(Counter.READ_NANOS));
    add("tokenizeSeconds", () -> metrics.seconds(Counter.TOKENIZE_NANOS));
    add("waitSeconds", () -> metrics.seconds(Counter.WAIT_NANOS));
    add("modelSeconds", () -> metrics.seconds(Counter.MODEL_NANOS));
    add("writeSeconds", metrics::writeSeconds);
    SparkEnv.get().metricsSystem().registerSource(this);
  }

  private <T extends Number> void add(String name, Gauge<T> gauge) {
    registry.register(name, gauge);
  }

  @Override
  public String sourceName() {
    return "embark.run";
  }

  @Override
  public MetricRegistry metricRegistry() {
    return registry;
  }

  @Override
  public void close() {
    SparkEnv env = SparkEnv.get();
    if (env != null) {
      // Reports what was counted last to sinks that ask only now and then.
      env.metricsSystem().report();
      env.metricsSystem().removeSource(this);
    }
  }
}
