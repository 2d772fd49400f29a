package io.embark.spark.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.embark.spark.GpuStage;
import io.embark.testing.LocalSpark;
import org.apache.spark.SparkConf;
import org.apache.spark.resource.ResourceProfile;
import org.apache.spark.resource.TaskResourceProfile;
import org.junit.jupiter.api.Test;

class GpuStageTest {
  private static final GpuStage STAGE = new GpuStage(4, "");

  private static SparkConf conf(String master, String... settings) {
    SparkConf conf = new SparkConf(false).set("spark.master", master);
    for (String setting : settings) {
      conf.set(setting.split("=")[0], setting.split("=")[1]);
    }
    return conf;
  }

  @Test
  void withoutDynamicAllocationOnlyTheTasksOfTheStageDiffer() {
    ResourceProfile profile = STAGE.profile(conf("spark://host:7077", "spark.task.cpus=2"));
    assertThat(profile).isInstanceOf(TaskResourceProfile.class);
    assertThat(profile.taskResourcesJMap().get("gpu").amount()).isEqualTo(0.25);
    assertThat(profile.taskResourcesJMap().get("cpus").amount()).isEqualTo(2);
    assertThat(profile.executorResourcesJMap()).isEmpty();
  }

  @Test
  void withDynamicAllocationTheStageHasExecutorsOfItsOwn() {
    ResourceProfile profile =
        new GpuStage(4, "/opt/get-gpus.sh")
            .profile(
                conf(
                    "k8s://https://host",
                    "spark.dynamicAllocation.enabled=true",
                    "spark.executor.cores=8",
                    "spark.executor.memory=6g",
                    "spark.executor.memoryOverhead=4g"));
    assertThat(profile).isNotInstanceOf(TaskResourceProfile.class);
    assertThat(profile.taskResourcesJMap().get("gpu").amount()).isEqualTo(0.25);
    var executor = profile.executorResourcesJMap();
    assertThat(executor.get("gpu").amount()).isEqualTo(1);
    assertThat(executor.get("gpu").discoveryScript()).isEqualTo("/opt/get-gpus.sh");
    assertThat(executor.get("gpu").vendor()).isEqualTo("nvidia.com");
    assertThat(executor.get("cores").amount()).isEqualTo(8);
    assertThat(executor.get("memory").amount()).isEqualTo(6 * 1024);
    assertThat(executor.get("memoryOverhead").amount()).isEqualTo(4 * 1024);
  }

  @Test
  void whatSparkCannotDoIsRefusedWithTheWayOut() {
    refused(conf("local[2]"), "master is 'local[2]'");
    refused(conf("spark://host:7077"), "set spark.executor.resource.gpu.amount");
    refused(
        conf(
            "yarn", "spark.dynamicAllocation.enabled=true", "spark.executor.resource.gpu.amount=1"),
        "take these away");
    refused(conf("yarn", "spark.dynamicAllocation.enabled=true"), "gpu-script");
    for (SparkConf good :
        new SparkConf[] {
          conf("yarn", "spark.executor.resource.gpu.amount=1"),
          conf("k8s://https://host", "spark.executor.resource.gpu.amount=1"),
          conf("spark://host:7077", "spark.dynamicAllocation.enabled=true")
        }) {
      assertThatCode(() -> STAGE.require(good)).doesNotThrowAnyException();
    }
  }

  @Test
  void aLocalSessionIsToldBeforeAnyWork() {
    assertThatThrownBy(() -> STAGE.around(LocalSpark.session().range(3).toDF()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("gpu-stage")
        .hasMessageContaining("leave gpu-stage out");
  }

  private static void refused(SparkConf conf, String why) {
    assertThatThrownBy(() -> STAGE.require(conf))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(why)
        .hasMessageContaining("leave gpu-stage out");
  }
}
