package io.embark.spark.metrics;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.Meter;
import com.codahale.metrics.MetricRegistry;
import io.embark.embed.EmbeddingStats;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.IntSupplier;
import java.util.function.LongConsumer;
import org.apache.spark.SparkEnv;
import org.apache.spark.metrics.source.Source;

/**
 * The source {@code embark} of Spark's metrics system: what this JVM has embedded since it started.
 * Attempts that fail count too: this tells how busy a machine is, not what a job made.
 */
public final class JvmMetrics extends CountingStats implements Source {
  private static final JvmMetrics OF_THIS_JVM = new JvmMetrics();

  private final MetricRegistry registry = new MetricRegistry();
  private final Map<Counter, LongConsumer> metrics = new EnumMap<>(Counter.class);
  private final com.codahale.metrics.Counter modelLoads = registry.counter("modelLoads");
  private volatile IntSupplier openSessions = () -> 0;

  /** The environment it is registered with: a JVM can have one context after the other. */
  private SparkEnv registered;

  private JvmMetrics() {
    meter(Counter.ROWS, "rows");
    meter(Counter.TOKENS, "tokens");
    counter(Counter.TEXTS, "texts");
    counter(Counter.PADDED_TOKENS, "paddedTokens");
    counter(Counter.BATCHES, "batches");
    counter(Counter.HALVINGS, "batchesHalved");
    counter(Counter.FAILED, "textsFailed");
    counter(Counter.REPEATED, "textsRepeated");
    seconds(Counter.READ_NANOS, "readSeconds");
    seconds(Counter.TOKENIZE_NANOS, "tokenizeSeconds");
    seconds(Counter.WAIT_NANOS, "waitSeconds");
    seconds(Counter.MODEL_NANOS, "modelSeconds");
    Gauge<Integer> open = () -> openSessions.getAsInt();
    registry.register("openSessions", open);
  }

  private void meter(Counter counter, String name) {
    Meter meter = registry.meter(name);
    metrics.put(counter, meter::mark);
  }

  private void counter(Counter counter, String name) {
    metrics.put(counter, registry.counter(name)::inc);
  }

  private void seconds(Counter counter, String name) {
    com.codahale.metrics.Counter nanos = new com.codahale.metrics.Counter();
    Gauge<Double> seconds = () -> nanos.getCount() / 1e9;
    registry.register(name, seconds);
    metrics.put(counter, nanos::inc);
  }

  /** Counts in {@code other} and here. */
  public static EmbeddingStats and(CountingStats other) {
    OF_THIS_JVM.register();
    return new CountingStats() {
      @Override
      protected void add(Counter counter, long value) {
        other.add(counter, value);
        OF_THIS_JVM.add(counter, value);
      }
    };
  }

  public static void modelLoaded() {
    OF_THIS_JVM.register();
    OF_THIS_JVM.modelLoads.inc();
  }

  /** Sets where the number of sessions that are open comes from; 0 before. */
  public static void openSessions(IntSupplier open) {
    OF_THIS_JVM.openSessions = open;
  }

  private synchronized void register() {
    SparkEnv env = SparkEnv.get();
    if (env != null && env != registered) {
      env.metricsSystem().registerSource(this);
      registered = env;
    }
  }

  @Override
  public String sourceName() {
    return EmbeddingMetrics.NAME;
  }

  @Override
  public MetricRegistry metricRegistry() {
    return registry;
  }

  @Override
  protected void add(Counter counter, long value) {
    metrics.getOrDefault(counter, unnamed -> {}).accept(value);
  }
}
