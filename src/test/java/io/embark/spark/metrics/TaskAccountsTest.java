package io.embark.spark.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.embark.spark.TextEmbedder;
import io.embark.spark.metrics.CountingStats.Counter;
import io.embark.testing.LocalSpark;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.spark.MapOutputTrackerMaster;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.function.FilterFunction;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.shuffle.FetchFailedException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.LongAccumulator;
import org.junit.jupiter.api.Test;
import scala.collection.JavaConverters;

class TaskAccountsTest {
  private static final AtomicBoolean LOST = new AtomicBoolean();

  private static List<String> texts(int count) {
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      texts.add("Text number " + i + " and more of it".repeat(i % 5));
    }
    return texts;
  }

  private static TextEmbedder embedder() {
    return new TextEmbedder().setModel("builtin:all-MiniLM-L6-v2").setDevice("cpu");
  }

  /** What a task says twice, as two attempts that race each other do, counts once. */
  @Test
  void theLastAccountOfAPartitionReplacesTheOneBefore() {
    TaskAccounts all = new TaskAccounts();
    all.merge(account("query 1", 1, 0, 10));
    all.merge(account("query 1", 1, 1, 5));
    all.merge(account("query 1", 1, 0, 10));
    all.merge(account("query 1", 1, 0, 0));

    assertThat(all.value().rows()).isEqualTo(15);
    assertThat(all.greatest(Counter.ROWS, 1))
        .extracting(account -> account.work().partition())
        .containsExactly(0);
    assertThat(all.greatest(Counter.ROWS, 5)).hasSize(2);
    assertThat(all.copyAndReset().isZero()).isTrue();
    assertThat(all.copy().value().rows()).isEqualTo(15);
  }

  private static TaskAccounts account(String query, int call, int partition, long rows) {
    TaskAccounts accounts = new TaskAccounts();
    long[] counts = new long[Counter.COUNT];
    counts[Counter.ROWS.ordinal()] = rows;
    counts[Counter.TASK_NANOS.ordinal()] = rows;
    accounts.put(
        new TaskAccounts.Account(
            new TaskAccounts.Work(query, call, partition), "1", "host", counts));
    return accounts;
  }

  /** A streaming query runs for months, each batch as a query of its own. */
  @Test
  void ofOlderQueriesOnlyTotalsAndTheSlowestTasksAreKept() {
    TaskAccounts all = new TaskAccounts();
    int queries = 10 * TaskAccounts.QUERIES;
    all.merge(account("query 0", 1, 0, 1_000_000));
    for (int query = 1; query < queries; query++) {
      all.merge(account("query " + query, query, 0, 2));
      all.merge(account("query " + query, query, 1, 1));
    }
    assertThat(all.value().rows()).isEqualTo(1_000_000 + 3L * (queries - 1));
    assertThat(all.greatest(Counter.TASK_NANOS, Integer.MAX_VALUE))
        .hasSize(2 * TaskAccounts.QUERIES + TaskAccounts.SLOWEST)
        .first()
        .extracting(slow -> slow.work().query())
        .isEqualTo("query 0");
    assertThat(all.copy().value().rows()).isEqualTo(all.value().rows());
    assertThat(all.copy().greatest(Counter.TASK_NANOS, Integer.MAX_VALUE))
        .hasSize(2 * TaskAccounts.QUERIES + TaskAccounts.SLOWEST);

    // What is still known is replaced as ever.
    all.merge(account("query " + (queries - 1), queries - 1, 0, 2));
    assertThat(all.value().rows()).isEqualTo(1_000_000 + 3L * (queries - 1));
    all.reset();
    assertThat(all.isZero()).isTrue();
    assertThat(all.greatest(Counter.TASK_NANOS, 5)).isEmpty();
  }

  /** One that runs long among many short ones tells of itself now and then. */
  @Test
  void aQueryThatGoesOnIsKept() {
    TaskAccounts all = new TaskAccounts();
    for (int query = 0; query < 3 * TaskAccounts.QUERIES; query++) {
      all.merge(account("query long", 1, 0, 7));
      all.merge(account("query " + query, 1, 0, 1));
    }
    assertThat(all.value().rows()).isEqualTo(7 + 3 * TaskAccounts.QUERIES);
  }

  @Test
  void sumsOverPartitionsAreThoseOfTheRows() {
    TextEmbedder embedder = embedder();
    List<Row> rows = embedder.transform(LocalSpark.texts(5, texts(57))).collectAsList();
    EmbeddingMetrics metrics = embedder.metrics(LocalSpark.session());

    assertThat(metrics.rows()).isEqualTo(57).isEqualTo(rows.size());
    assertThat(metrics.texts()).isEqualTo(57);
    assertThat(metrics.tokens())
        .isEqualTo(rows.stream().mapToLong(row -> row.<Integer>getAs("tokens_used")).sum());
    assertThat(metrics.tasks()).isEqualTo(5);
    List<EmbeddingMetrics.SlowTask> tasks = metrics.slowest(100);
    assertThat(tasks).hasSize(5);
    assertThat(tasks.stream().mapToLong(EmbeddingMetrics.SlowTask::rows).sum()).isEqualTo(57);
    assertThat(tasks.stream().mapToLong(EmbeddingMetrics.SlowTask::tokens).sum())
        .isEqualTo(metrics.tokens());
    assertThat(tasks)
        .isSortedAccordingTo((a, b) -> Double.compare(b.seconds(), a.seconds()))
        .allSatisfy(task -> assertThat(task.executor()).isEqualTo("driver"));
    double parts =
        metrics.seconds(Counter.READ_NANOS)
            + metrics.seconds(Counter.TOKENIZE_NANOS)
            + metrics.seconds(Counter.WAIT_NANOS)
            + metrics.writeSeconds();
    assertThat(parts)
        .isCloseTo(
            metrics.seconds(Counter.TASK_NANOS), org.assertj.core.api.Assertions.within(1e-6));
  }

  /** Spark's own counters count it twice, which shows that the test loses something. */
  @Test
  void aPartitionThatIsLostAndComputedAgainCountsOnce() {
    SparkSession spark = LocalSpark.session();
    LongAccumulator plain = spark.sparkContext().longAccumulator("plain");
    TextEmbedder embedder = embedder();
    FilterFunction<Row> count =
        row -> {
          plain.add(1);
          return true;
        };
    LOST.set(false);
    MapPartitionsFunction<Row, Long> lose =
        rows -> {
          if (LOST.compareAndSet(false, true)) {
            throw lostOutput();
          }
          List<Long> ids = new ArrayList<>();
          rows.forEachRemaining(row -> ids.add(row.<Long>getAs("id")));
          return ids.iterator();
        };
    Dataset<Row> embedded = embedder.transform(LocalSpark.texts(4, texts(40)).filter(count));

    List<Long> ids = embedded.repartition(3).mapPartitions(lose, Encoders.LONG()).collectAsList();

    assertThat(ids).doesNotHaveDuplicates().hasSize(40);
    assertThat(plain.value()).as("rows that went by").isGreaterThan(40);
    assertThat(embedder.metrics(spark).rows()).isEqualTo(40);
    assertThat(embedder.metrics(spark).tasks()).isEqualTo(4);
  }

  /** As if a block of the last shuffle could not be fetched. */
  private static RuntimeException lostOutput() {
    MapOutputTrackerMaster tracker = (MapOutputTrackerMaster) SparkEnv.get().mapOutputTracker();
    int shuffle =
        JavaConverters.asJavaCollection(tracker.shuffleStatuses().keys().toSeq()).stream()
            .mapToInt(id -> (Integer) id)
            .max()
            .getAsInt();
    // By hand: told of the block manager, Spark would give up all of this only executor.
    tracker.unregisterMapOutput(shuffle, 0, SparkEnv.get().blockManager().blockManagerId());
    throw sneaky(new FetchFailedException(null, shuffle, 0, -1, 0, "lost", null));
  }

  @SuppressWarnings("unchecked")
  private static <E extends Throwable> RuntimeException sneaky(Throwable e) throws E {
    throw (E) e;
  }

  /** Work that is done again by another query counts again. */
  @Test
  void anotherQueryIsOtherWork() {
    TextEmbedder embedder = embedder();
    Dataset<Row> embedded = embedder.transform(LocalSpark.texts(2, texts(10)));
    embedded.collectAsList();
    embedded.collectAsList();
    assertThat(embedder.metrics(LocalSpark.session()).rows()).isEqualTo(20);
  }

  /** The stages of the two sides have partitions of the same numbers. */
  @Test
  void twoCallsInOneQueryAddUp() {
    SparkSession spark = LocalSpark.session();
    String before = spark.conf().get("spark.sql.autoBroadcastJoinThreshold");
    spark.conf().set("spark.sql.autoBroadcastJoinThreshold", "-1");
    try {
      TextEmbedder embedder = embedder();
      Dataset<Row> left = embedder.transform(LocalSpark.texts(2, texts(10))).select("id", "status");
      Dataset<Row> right =
          embedder.transform(LocalSpark.texts(2, texts(7))).select("id", "token_count");
      assertThat(left.join(right, "id").collectAsList()).hasSize(7);
      assertThat(embedder.metrics(spark).rows()).isEqualTo(17);
      assertThat(embedder.metrics(spark).texts()).isEqualTo(17);
      assertThat(embedder.metrics(spark).tasks()).isEqualTo(4);
    } finally {
      spark.conf().set("spark.sql.autoBroadcastJoinThreshold", before);
    }
  }

  /** To find the limits of its ranges, a sort runs what is below it once more. */
  @Test
  void whatASortSamplesFirstCountsOnce() {
    TextEmbedder embedder = embedder();
    Dataset<Row> embedded = embedder.transform(LocalSpark.texts(2, texts(10)));
    assertThat(embedded.orderBy("token_count").collectAsList()).hasSize(10);
    assertThat(embedder.metrics(LocalSpark.session()).rows()).isEqualTo(10);
  }

  @Test
  void twoCallsInOneTaskAreOneTask() {
    TextEmbedder embedder = embedder();
    Dataset<Row> once = embedder.transform(LocalSpark.texts(2, texts(10)));
    embedder.setOutputCol("again").setAccountPrefix("again_");
    assertThat(embedder.transform(once).collectAsList()).hasSize(10);
    assertThat(embedder.metrics(LocalSpark.session()).rows()).isEqualTo(20);
    assertThat(embedder.metrics(LocalSpark.session()).tasks()).isEqualTo(2);
  }
}
