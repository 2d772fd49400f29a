package io.embark.spark.sql;

import io.embark.spark.catalyst.ScalaSeq;
import io.embark.spark.catalyst.UnaryPlan;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.AttributeReference;
import org.apache.spark.sql.catalyst.expressions.AttributeSet;
import org.apache.spark.sql.catalyst.expressions.AttributeSet$;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.ExpressionSet;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Statistics;
import org.apache.spark.sql.catalyst.plans.logical.statsEstimation.EstimationUtils;
import org.apache.spark.sql.types.Metadata;
import scala.Option;
import scala.collection.Seq;
import scala.math.BigInt;

/** Computes calls of {@code embed_text} for every row: the child's columns, then one per call. */
public final class EmbedTextPlan extends UnaryPlan {
  private static final long serialVersionUID = 1;

  /** No two the same. */
  final Seq<EmbedText> calls;

  /** The column of each call. */
  final Seq<Attribute> results;

  public EmbedTextPlan(Seq<EmbedText> calls, Seq<Attribute> results, LogicalPlan child) {
    super(child);
    this.calls = calls;
    this.results = results;
  }

  /** A plan that computes {@code calls} into new columns. */
  static EmbedTextPlan of(List<EmbedText> calls, LogicalPlan child) {
    List<Attribute> results = new ArrayList<>();
    for (EmbedText call : calls) {
      results.add(
          new AttributeReference(
              "embedding" + results.size(),
              call.dataType(),
              true,
              Metadata.empty(),
              NamedExpression.newExprId(),
              ScalaSeq.of()));
    }
    return new EmbedTextPlan(ScalaSeq.of(calls), ScalaSeq.of(results), child);
  }

  /** The column of a call, if it is computed here. */
  Optional<Attribute> resultOf(EmbedText call) {
    for (int i = 0; i < calls.size(); i++) {
      if (calls.apply(i).sameAs(call)) {
        return Optional.of(results.apply(i));
      }
    }
    return Optional.empty();
  }

  @Override
  public Seq<Attribute> output() {
    return ScalaSeq.concat(child().output(), results);
  }

  @Override
  public AttributeSet producedAttributes() {
    return AttributeSet$.MODULE$.apply(ScalaSeq.<Expression>of(ScalaSeq.toJava(results)));
  }

  @Override
  public ExpressionSet validConstraints() {
    return child().constraints();
  }

  @Override
  public Option<Object> maxRowsPerPartition() {
    return child().maxRowsPerPartition();
  }

  /**
   * Spark takes an array for one element long; a table of vectors must not be broadcast by that.
   */
  @Override
  public Statistics stats() {
    long values =
        ScalaSeq.toJava(calls).stream().mapToLong(call -> call.facts.dimensions().get(0)).sum();
    Statistics below = child().stats();
    BigInt rowSize =
        EstimationUtils.getSizePerRow(child().output(), EstimationUtils.getSizePerRow$default$2());
    BigInt rows = below.sizeInBytes().$div(rowSize).$plus(BigInt.apply(1));
    BigInt added = rows.$times(BigInt.apply(Float.BYTES * values));
    return new Statistics(
        below.sizeInBytes().$plus(added),
        below.rowCount(),
        below.attributeStats(),
        below.isRuntime());
  }

  @Override
  public String nodeName() {
    return "EmbedText";
  }

  @Override
  public String argString(int maxFields) {
    return EmbedTextExec.describe(calls, results);
  }

  @Override
  public Object[] arguments() {
    return new Object[] {calls, results, child()};
  }
}
