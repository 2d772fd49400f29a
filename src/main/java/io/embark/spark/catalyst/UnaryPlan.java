package io.embark.spark.catalyst;

import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.SortOrder;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.UnaryNode;
import scala.Option;
import scala.collection.IndexedSeq;
import scala.collection.Seq;

/** A logical node that hands up the rows of its child, as many and in their order. */
public abstract class UnaryPlan extends LogicalPlan implements UnaryNode, NodeArguments {
  private static final long serialVersionUID = 1;

  private final LogicalPlan child;
  private final Seq<LogicalPlan> children;

  protected UnaryPlan(LogicalPlan child) {
    this.child = child;
    this.children = ScalaSeq.of(child);
  }

  @Override
  public LogicalPlan child() {
    return child;
  }

  @Override
  public Seq<LogicalPlan> children() {
    return children;
  }

  @Override
  public Seq<Attribute> output() {
    return child.output();
  }

  @Override
  public Option<Object> maxRows() {
    return child.maxRows();
  }

  @Override
  public Seq<SortOrder> outputOrdering() {
    return child.outputOrdering();
  }

  @Override
  public LogicalPlan withNewChildInternal(LogicalPlan newChild) {
    return legacyWithNewChildren(ScalaSeq.of(newChild));
  }

  @Override
  public LogicalPlan withNewChildrenInternal(IndexedSeq<LogicalPlan> newChildren) {
    return legacyWithNewChildren(newChildren);
  }

  @Override
  public boolean equals(Object other) {
    return NodeArguments.equal(this, other);
  }
}
