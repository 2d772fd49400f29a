package io.embark.spark.gpu;

import io.embark.spark.catalyst.UnaryExec;
import java.io.Serializable;
import org.apache.spark.rdd.RDD;
import org.apache.spark.resource.ResourceProfile;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.execution.SparkPlan;
import scala.Function1;
import scala.collection.Iterator;
import scala.reflect.ClassTag$;

/** Hands rows on; the stage they are computed in gets the resources of a profile. */
public final class GpuStageExec extends UnaryExec {
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
  protected GpuStageExec withChild(SparkPlan newChild) {
    return new GpuStageExec(profile, newChild);
  }

  @Override
  public Object[] arguments() {
    return new Object[] {profile, child()};
  }
}
