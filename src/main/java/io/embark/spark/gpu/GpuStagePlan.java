package io.embark.spark.gpu;

import io.embark.spark.catalyst.ScalaSeq;
import java.util.List;
import java.util.Objects;
import org.apache.spark.resource.ResourceProfile;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.SortOrder;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.UnaryNode;
import scala.Option;
import scala.collection.IndexedSeq;
import scala.collection.Seq;

/** The rows of its child, computed in a stage with resources of its own. */
public final class GpuStagePlan extends LogicalPlan implements UnaryNode {
  private static final long serialVersionUID = 1;

  private final transient ResourceProfile profile;
  private final LogicalPlan child;
  private final Seq<LogicalPlan> children;

  public GpuStagePlan(ResourceProfile profile, LogicalPlan child) {
    this.profile = profile;
    this.child = child;
    this.children = ScalaSeq.of(List.of(child));
  }

  public ResourceProfile profile() {
    return profile;
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
    return new GpuStagePlan(profile, newChild);
  }

  @Override
  public LogicalPlan withNewChildrenInternal(IndexedSeq<LogicalPlan> newChildren) {
    return withNewChildInternal(newChildren.apply(0));
  }

  @Override
  public String nodeName() {
    return "GpuStage";
  }

  @Override
  public int productArity() {
    return 2;
  }

  @Override
  public Object productElement(int index) {
    return switch (index) {
      case 0 -> profile;
      case 1 -> child;
      default -> throw new IndexOutOfBoundsException(index);
    };
  }

  @Override
  public boolean canEqual(Object other) {
    return other instanceof GpuStagePlan;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof GpuStagePlan that
        && profile.equals(that.profile)
        && child.equals(that.child);
  }

  @Override
  public int hashCode() {
    return Objects.hash(profile, child);
  }
}
