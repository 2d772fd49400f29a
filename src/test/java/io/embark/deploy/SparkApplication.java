package io.embark.deploy;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.SecurityContext;
import io.fabric8.kubernetes.api.model.Toleration;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeMount;
import java.util.List;
import java.util.Map;

/**
 * The fields of {@code sparkoperator.k8s.io/v1beta2} that the manifest uses or is likely to, with
 * the types, required fields and allowed values of Kubeflow's Spark operator 2.x ({@code
 * api/v1beta2/sparkapplication_types.go} and {@code defaults}). A field that the operator knows and
 * this does not has to be added here first.
 */
record SparkApplication(
    @JsonProperty(required = true) String apiVersion,
    @JsonProperty(required = true) String kind,
    @JsonProperty(required = true) ObjectMeta metadata,
    @JsonProperty(required = true) Spec spec) {

  enum Type {
    Java,
    Scala,
    Python,
    R
  }

  enum Mode {
    cluster,
    client
  }

  enum PullPolicy {
    Always,
    IfNotPresent,
    Never
  }

  enum Restart {
    Never,
    OnFailure,
    Always
  }

  record Spec(
      @JsonProperty(required = true) Type type,
      Mode mode,
      @JsonProperty(required = true) String sparkVersion,
      String image,
      PullPolicy imagePullPolicy,
      List<String> imagePullSecrets,
      String mainClass,
      @JsonProperty(required = true) String mainApplicationFile,
      List<String> arguments,
      Map<String, String> sparkConf,
      Map<String, String> hadoopConf,
      List<Volume> volumes,
      RestartPolicy restartPolicy,
      Long timeToLiveSeconds,
      @JsonProperty(required = true) Driver driver,
      @JsonProperty(required = true) Executor executor) {}

  record RestartPolicy(
      Restart type,
      Integer onFailureRetries,
      Long onFailureRetryInterval,
      Integer onSubmissionFailureRetries,
      Long onSubmissionFailureRetryInterval) {}

  record Driver(
      Integer cores,
      String coreLimit,
      String memory,
      String memoryOverhead,
      String serviceAccount,
      String javaOptions,
      List<EnvVar> env,
      Map<String, String> labels,
      Map<String, String> nodeSelector,
      List<Toleration> tolerations,
      List<VolumeMount> volumeMounts,
      SecurityContext securityContext) {}

  record Executor(
      Integer instances,
      Integer cores,
      String coreLimit,
      String memory,
      String memoryOverhead,
      String serviceAccount,
      String javaOptions,
      List<EnvVar> env,
      Map<String, String> labels,
      Map<String, String> nodeSelector,
      List<Toleration> tolerations,
      List<VolumeMount> volumeMounts,
      SecurityContext securityContext) {}
}
