package io.embark.spark.catalyst;

import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.SortOrder;
import org.apache.spark.sql.catalyst.plans.physical.Partitioning;
import org.apache.spark.sql.execution.SparkPlan;
import scala.collection.IndexedSeq;
import scala.collection.Seq;

/** A physical operator that hands up the rows of its child where and in the order they are. */
public abstract class UnaryExec extends SparkPlan implements NodeArguments {
  private static final long serialVersionUID = 1;

  private final SparkPlan child;
  private final Seq<SparkPlan> children;

  protected UnaryExec(SparkPlan child) {
    this.child = child;
    this.children = ScalaSeq.of(child);
  }

  protected final SparkPlan child() {
    return child;
  }

  @Override
  public Seq<SparkPlan> children() {
    return children;
  }

  @Override
  public Seq<Attribute> output() {
    return child.output();
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
    return legacyWithNewChildren(newChildren);
  }

  @Override
  public boolean equals(Object other) {
    return NodeArguments.equal(this, other);
  }
}
