package io.embark.spark.sql;

import io.embark.spark.catalyst.ScalaSeq;
import io.embark.spark.executor.Canary;
import io.embark.spark.executor.CanaryWatch;
import io.embark.spark.executor.ModelFacts;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.AttributeSet;
import org.apache.spark.sql.catalyst.expressions.AttributeSet$;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.SortOrder;
import org.apache.spark.sql.catalyst.plans.physical.Partitioning;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.execution.metric.SQLMetric;
import scala.collection.IndexedSeq;
import scala.collection.Seq;
import scala.collection.immutable.Map;
import scala.reflect.ClassTag$;

/**
 * Embeds the rows of each partition in batches, whole texts at a time and several calls together.
 * Rows come out as they came in, one for one and in order.
 */
public final class EmbedTextExec extends SparkPlan {
  private static final long serialVersionUID = 1;

  private final Seq<EmbedText> calls;
  private final Seq<Attribute> results;
  private final SparkPlan child;
  private final Seq<SparkPlan> children;
  private transient SqlEmbeddingMetrics metrics;

  /** As {@link EmbedTextPlan}. */
  public EmbedTextExec(Seq<EmbedText> calls, Seq<Attribute> results, SparkPlan child) {
    this.calls = calls;
    this.results = results;
    this.child = child;
    this.children = ScalaSeq.of(List.of(child));
  }

  /** What stands behind the node's name in a plan. */
  static String describe(Seq<EmbedText> calls, Seq<Attribute> results) {
    List<String> parts = new ArrayList<>();
    for (int i = 0; i < calls.size(); i++) {
      parts.add("%s AS %s".formatted(calls.apply(i), results.apply(i)));
    }
    return parts.toString();
  }

  @Override
  public RDD<InternalRow> doExecute() {
    CanaryWatch.on(sparkContext());
    EmbedPasses passes = EmbedPasses.of(ScalaSeq.toJava(calls));
    List<Canary> canaries =
        passes.passes().stream().map(pass -> ModelFacts.of(pass.config()).canary()).toList();
    EmbedTextTask task = new EmbedTextTask(passes, canaries, child.output(), output(), counters());
    return child.execute().mapPartitions(task, false, ClassTag$.MODULE$.apply(InternalRow.class));
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
  public Seq<SparkPlan> children() {
    return children;
  }

  @Override
  public Seq<Attribute> output() {
    List<Attribute> output = new ArrayList<>(ScalaSeq.toJava(child.output()));
    output.addAll(ScalaSeq.toJava(results));
    return ScalaSeq.of(output);
  }

  @Override
  public AttributeSet producedAttributes() {
    return AttributeSet$.MODULE$.apply(ScalaSeq.<Expression>of(ScalaSeq.toJava(results)));
  }

  @Override
  public Partitioning outputPartitioning() {
    return child.outputPartitioning();
  }

  @Override
  public Seq<SortOrder> outputOrdering() {
    return child.outputOrdering();
  }

  @Override
  public SparkPlan withNewChildrenInternal(IndexedSeq<SparkPlan> newChildren) {
    return new EmbedTextExec(calls, results, newChildren.apply(0));
  }

  @Override
  public String nodeName() {
    return "EmbedText";
  }

  @Override
  public String argString(int maxFields) {
    return describe(calls, results);
  }

  @Override
  public int productArity() {
    return 3;
  }

  @Override
  public Object productElement(int index) {
    return switch (index) {
      case 0 -> calls;
      case 1 -> results;
      case 2 -> child;
      default -> throw new IndexOutOfBoundsException(index);
    };
  }

  @Override
  public boolean canEqual(Object other) {
    return other instanceof EmbedTextExec;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof EmbedTextExec that
        && calls.equals(that.calls)
        && results.equals(that.results)
        && child.equals(that.child);
  }

  @Override
  public int hashCode() {
    return Objects.hash(calls, results, child);
  }
}
