package io.embark.spark.sql;

import io.embark.spark.catalyst.ScalaSeq;
import io.embark.spark.catalyst.UnaryExec;
import io.embark.spark.executor.Canary;
import io.embark.spark.executor.CanaryWatch;
import io.embark.spark.executor.ModelFacts;
import java.util.List;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.execution.SparkStrategy;
import org.apache.spark.sql.execution.metric.SQLMetric;
import scala.collection.Seq;
import scala.collection.immutable.Map;
import scala.reflect.ClassTag$;

/**
 * Embeds the rows of each partition in batches, whole texts at a time and several calls together.
 * Rows come out as they came in, one for one and in order.
 */
public final class EmbedTextExec extends UnaryExec {
  private static final long serialVersionUID = 1;

  private final Seq<Alias> calls;
  private transient SqlEmbeddingMetrics metrics;

  /** As {@link EmbedTextPlan}. */
  public EmbedTextExec(Seq<Alias> calls, SparkPlan child) {
    super(child);
    this.calls = calls;
  }

  /** Plans {@link EmbedTextPlan} as {@link EmbedTextExec}. */
  public static final class Strategy extends SparkStrategy {
    private static final long serialVersionUID = 1;

    private final transient ExtractEmbedText extract = new ExtractEmbedText();

    @Override
    public Seq<SparkPlan> apply(LogicalPlan plan) {
      if (EmbedCalls.leftIn(plan)) {
        // Spark turns IN and EXISTS subqueries into joins after our rule ran; their calls are found
        // here.
        return ScalaSeq.of(planLater(extract.allOf(plan)));
      }
      return plan instanceof EmbedTextPlan embed
          ? ScalaSeq.of(new EmbedTextExec(embed.calls, planLater(embed.child())))
          : ScalaSeq.of();
    }
  }

  @Override
  public RDD<InternalRow> doExecute() {
    CanaryWatch.on(sparkContext());
    EmbedPasses passes =
        EmbedPasses.of(ScalaSeq.toJava(calls).stream().map(EmbedTextPlan::call).toList());
    List<Canary> canaries =
        passes.passes().stream().map(pass -> ModelFacts.of(pass.config()).canary()).toList();
    EmbedTextTask task =
        new EmbedTextTask(passes, canaries, child().output(), output(), counters());
    return child().execute().mapPartitions(task, false, ClassTag$.MODULE$.apply(InternalRow.class));
  }

  @Override
  public Map<String, SQLMetric> metrics() {
    return counters().byName();
  }

  /** Made when first asked for: Spark copies nodes often, and counters are registered with it. */
  private synchronized SqlEmbeddingMetrics counters() {
    if (metrics == null) {
      metrics = new SqlEmbeddingMetrics(sparkContext());
    }
    return metrics;
  }

  @Override
  public Seq<Attribute> output() {
    return EmbedTextPlan.withColumns(child().output(), calls);
  }

  @Override
  public Object[] arguments() {
    return new Object[] {calls, child()};
  }
}
