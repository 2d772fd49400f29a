package io.embark.spark.gpu;

import io.embark.spark.catalyst.ScalaSeq;
import io.embark.spark.catalyst.UnaryExec;
import io.embark.spark.catalyst.UnaryPlan;
import java.io.Serializable;
import org.apache.spark.rdd.RDD;
import org.apache.spark.resource.ResourceProfile;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.execution.SparkStrategy;
import scala.Function1;
import scala.collection.Iterator;
import scala.collection.Seq;
import scala.reflect.ClassTag$;

/** The rows of its child, computed in a stage with resources of its own. */
public final class GpuStagePlan extends UnaryPlan {
  private static final long serialVersionUID = 1;

  private final transient ResourceProfile profile;

  public GpuStagePlan(ResourceProfile profile, LogicalPlan child) {
    super(child);
    this.profile = profile;
  }

  @Override
  public String nodeName() {
    return "GpuStage";
  }

  @Override
  public Object[] arguments() {
    return new Object[] {profile, child()};
  }

  /** Plans this node as {@link GpuStageExec}. */
  public static final class Strategy extends SparkStrategy {
    private static final long serialVersionUID = 1;

    @Override
    public Seq<SparkPlan> apply(LogicalPlan plan) {
      return plan instanceof GpuStagePlan stage
          ? ScalaSeq.of(new GpuStageExec(stage.profile, planLater(stage.child())))
          : ScalaSeq.of();
    }
  }

  /** Hands rows on; the stage they are computed in gets the resources of a profile. */
  public static final class GpuStageExec extends UnaryExec {
    private static final long serialVersionUID = 1;

    private final transient ResourceProfile profile;

    public GpuStageExec(ResourceProfile profile, SparkPlan child) {
      super(child);
      this.profile = profile;
    }

    @Override
    public RDD<InternalRow> doExecute() {
      var same = (Function1<Iterator<InternalRow>, Iterator<InternalRow>> & Serializable) r -> r;
      // On an RDD of our own: others may read the child's too.
      return child()
          .execute()
          .mapPartitions(same, true, ClassTag$.MODULE$.apply(InternalRow.class))
          .withResources(profile);
    }

    @Override
    public Object[] arguments() {
      return new Object[] {profile, child()};
    }
  }
}
