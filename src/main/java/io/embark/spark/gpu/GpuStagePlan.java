package io.embark.spark.gpu;

import io.embark.spark.catalyst.UnaryPlan;
import org.apache.spark.resource.ResourceProfile;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;

/** The rows of its child, computed in a stage with resources of its own. */
public final class GpuStagePlan extends UnaryPlan {
  private static final long serialVersionUID = 1;

  private final transient ResourceProfile profile;

  public GpuStagePlan(ResourceProfile profile, LogicalPlan child) {
    super(child);
    this.profile = profile;
  }

  public ResourceProfile profile() {
    return profile;
  }

  @Override
  public GpuStagePlan withChild(LogicalPlan newChild) {
    return new GpuStagePlan(profile, newChild);
  }

  @Override
  public String nodeName() {
    return "GpuStage";
  }

  @Override
  public Object[] arguments() {
    return new Object[] {profile, child()};
  }
}
