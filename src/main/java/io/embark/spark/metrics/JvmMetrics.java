package io.embark.spark.metrics;

import com.codahale.metrics.Counter;
import com.codahale.metrics.Gauge;
import com.codahale.metrics.Meter;
import com.codahale.metrics.MetricRegistry;
import io.embark.batch.Batch;
import io.embark.embed.EmbeddingStats;
import io.embark.spark.executor.ExecutorEmbedders;
import org.apache.spark.SparkEnv;
import org.apache.spark.metrics.source.Source;

/**
 * What this JVM, an executor as a rule, has embedded since it started, as source {@code embark} of
 * Spark's metrics system, for whatever sinks it is configured with. Attempts that fail count too:
 * this tells how busy a machine is, not what a job made.
 */
public final class JvmMetrics implements Source, EmbeddingStats {
  private static final JvmMetrics OF_THIS_JVM = new JvmMetrics();

  private final MetricRegistry registry = new MetricRegistry();
  private final Meter rows = registry.meter("rows");
  private final Meter tokens = registry.meter("tokens");
  private final Counter texts = registry.counter("texts");
  private final Counter paddedTokens = registry.counter("paddedTokens");
  private final Counter batches = registry.counter("batches");
  private final Counter halvings = registry.counter("batchesHalved");
  private final Counter failed = registry.counter("textsFailed");
  private final Counter repeated = registry.counter("textsRepeated");
  private final Counter modelLoads = registry.counter("modelLoads");
  private final Counter readNanos = seconds("readSeconds");
  private final Counter tokenizeNanos = seconds("tokenizeSeconds");
  private final Counter waitNanos = seconds("waitSeconds");
  private final Counter modelNanos = seconds("modelSeconds");

  /** Where it is registered: a JVM can have one context after the other. */
  private SparkEnv registered;

  private JvmMetrics() {
    Gauge<Integer> open = ExecutorEmbedders::open;
    registry.register("openSessions", open);
  }

  private Counter seconds(String name) {
    Counter nanos = new Counter();
    Gauge<Double> seconds = () -> nanos.getCount() / 1e9;
    registry.register(name, seconds);
    return nanos;
  }

  /** Counts here what is counted there. */
  public static EmbeddingStats and(EmbeddingStats other) {
    OF_THIS_JVM.register();
    return new Both(other, OF_THIS_JVM);
  }

  public static void modelLoaded() {
    OF_THIS_JVM.register();
    OF_THIS_JVM.modelLoads.inc();
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
  public void read(int count, long nanos) {
    rows.mark(count);
    readNanos.inc(nanos);
  }

  @Override
  public void tokenized(int count, long nanos) {
    tokenizeNanos.inc(nanos);
  }

  @Override
  public void waited(long nanos) {
    waitNanos.inc(nanos);
  }

  @Override
  public void repeated(int count) {
    repeated.inc(count);
  }

  @Override
  public void batch(Batch batch, long nanos) {
    batches.inc();
    texts.inc(batch.size());
    tokens.mark(batch.tokens());
    paddedTokens.inc(batch.paddedTokens());
    modelNanos.inc(nanos);
  }

  @Override
  public void halved() {
    halvings.inc();
  }

  @Override
  public void failed(int count) {
    failed.inc(count);
  }

  /** Two that are told the same. */
  private record Both(EmbeddingStats one, EmbeddingStats other) implements EmbeddingStats {
    @Override
    public void read(int rows, long nanos) {
      one.read(rows, nanos);
      other.read(rows, nanos);
    }

    @Override
    public void tokenized(int texts, long nanos) {
      one.tokenized(texts, nanos);
      other.tokenized(texts, nanos);
    }

    @Override
    public void repeated(int texts) {
      one.repeated(texts);
      other.repeated(texts);
    }

    @Override
    public void waited(long nanos) {
      one.waited(nanos);
      other.waited(nanos);
    }

    @Override
    public void batch(Batch batch, long nanos) {
      one.batch(batch, nanos);
      other.batch(batch, nanos);
    }

    @Override
    public void halved() {
      one.halved();
      other.halved();
    }

    @Override
    public void failed(int texts) {
      one.failed(texts);
      other.failed(texts);
    }

    @Override
    public void noGpuFound() {
      one.noGpuFound();
      other.noGpuFound();
    }
  }
}
