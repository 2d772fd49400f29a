package io.embark.clustering;

import org.apache.spark.ml.util.MLReader;

/**
 * The former name of {@link io.embark.analysis.cluster.ClusterModel}. Pipelines saved under it name
 * it in their metadata, and Spark loads such a stage by {@link #read()} of the class so named.
 *
 * @deprecated Use {@link io.embark.analysis.cluster.ClusterModel}.
 */
@Deprecated
public final class ClusterModel {
  private ClusterModel() {}

  public static MLReader<io.embark.analysis.cluster.ClusterModel> read() {
    return io.embark.analysis.cluster.ClusterModel.read();
  }
}
