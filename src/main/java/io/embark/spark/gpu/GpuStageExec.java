package io.embark.spark.gpu;

import io.embark.spark.catalyst.ScalaSeq;
import java.util.List;
import java.util.Objects;
import org.apache.spark.rdd.RDD;
import org.apache.spark.resource.ResourceProfile;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.SortOrder;
import org.apache.spark.sql.catalyst.plans.physical.Partitioning;
import org.apache.spark.sql.execution.SparkPlan;
import scala.collection.IndexedSeq;
import scala.collection.Seq;
import scala.reflect.ClassTag$;
import scala.runtime.AbstractFunction1;

/** Hands rows on; the stage they are computed in gets the resources of a profile. */
public final class GpuStageExec extends SparkPlan {
  private static final long serialVersionUID = 1;

  private final transient ResourceProfile profile;
  private final SparkPlan child;
  private final Seq<SparkPlan> children;

  public GpuStageExec(ResourceProfile profile, SparkPlan child) {
    this.profile = profile;
    this.child = child;
    this.children = ScalaSeq.of(List.of(child));
  }

  /** The rows as they come. */
  private static final class Same
      extends AbstractFunction1<
          scala.collection.Iterator<InternalRow>, scala.collection.Iterator<InternalRow>>
      implements java.io.Serializable {
    private static final long serialVersionUID = 1;

    @Override
    public scala.collection.Iterator<InternalRow> apply(
        scala.collection.Iterator<InternalRow> rows) {
      return rows;
    }
  }

  @Override
  public RDD<InternalRow> doExecute() {
    // Of an RDD of our own: the child's may be one that others read too.
    return child
        .execute()
        .mapPartitions(new Same(), true, ClassTag$.MODULE$.apply(InternalRow.class))
        .withResources(profile);
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
    return new GpuStageExec(profile, newChildren.apply(0));
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
    return other instanceof GpuStageExec;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof GpuStageExec that
        && profile.equals(that.profile)
        && child.equals(that.child);
  }

  @Override
  public int hashCode() {
    return Objects.hash(profile, child);
  }
}
