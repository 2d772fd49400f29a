package io.embark.spark.sql;

import io.embark.spark.catalyst.ScalaSeq;
import io.embark.spark.catalyst.UnaryPlan;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.ExpressionSet;
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

  /** Each under the name of its column; no two the same. */
  final Seq<Alias> calls;

  public EmbedTextPlan(Seq<Alias> calls, LogicalPlan child) {
    super(child);
    this.calls = calls;
  }

  /** A plan that computes {@code calls} into new columns. */
  static EmbedTextPlan of(List<EmbedText> calls, LogicalPlan child) {
    List<Alias> named = new ArrayList<>();
    for (EmbedText call : calls) {
      Column column = new Column(call).as("embedding" + named.size(), Metadata.empty());
      named.add((Alias) column.expr());
    }
    return new EmbedTextPlan(ScalaSeq.of(named), child);
  }

  static EmbedText call(Alias named) {
    return (EmbedText) named.child();
  }

  /** Columns and behind them those of calls. */
  static Seq<Attribute> withColumns(Seq<Attribute> columns, Seq<Alias> calls) {
    return ScalaSeq.concat(
        columns, ScalaSeq.of(ScalaSeq.toJava(calls).stream().map(Alias::toAttribute).toList()));
  }

  /** The column of a call, if it is computed here. */
  Optional<Attribute> resultOf(EmbedText call) {
    return ScalaSeq.toJava(calls).stream()
        .filter(named -> call(named).sameAs(call))
        .findFirst()
        .map(Alias::toAttribute);
  }

  @Override
  public Seq<Attribute> output() {
    return withColumns(child().output(), calls);
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
        ScalaSeq.toJava(calls).stream().mapToLong(c -> call(c).facts.dimensions().get(0)).sum();
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
  public Object[] arguments() {
    return new Object[] {calls, child()};
  }
}
