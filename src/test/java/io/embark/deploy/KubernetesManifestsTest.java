package io.embark.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.batch.v1.CronJob;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.api.model.rbac.RoleBinding;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The manifests against their schema, and against the image and the sources they speak of. */
class KubernetesManifestsTest {
  private static final Path FOLDER = Path.of("jobs/kubernetes");
  private static final String GPU = "nvidia.com/gpu";
  private static final Pattern IMAGE_PATH = Pattern.compile("/opt/embark/[A-Za-z0-9_./*-]+");

  private static String text(String file) throws IOException {
    return Files.readString(FOLDER.resolve(file));
  }

  private static List<Object> documents(String file) throws IOException {
    return StrictYaml.read(text(file));
  }

  private static CronJob cronJob() throws IOException {
    return (CronJob) documents("cronjob.yaml").get(0);
  }

  private static SparkApplication application() throws IOException {
    return (SparkApplication) documents("sparkapplication.yaml").get(0);
  }

  private static PodSpec executorPod() throws IOException {
    return ((Pod) documents("executor-pod.yaml").get(0)).getSpec();
  }

  @Test
  void everyYamlFileHoldsToItsSchema() throws IOException {
    try (var files = Files.list(FOLDER)) {
      List<Path> yaml = files.filter(file -> file.toString().endsWith(".yaml")).toList();
      assertThat(yaml).hasSize(4);
      for (Path file : yaml) {
        assertThat(StrictYaml.read(Files.readString(file))).as(file.toString()).isNotEmpty();
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "cronjob.yaml, concurrencyPolicy:, concurencyPolicy:",
    "cronjob.yaml, backoffLimit: 2, backoffLimit: none",
    "cronjob.yaml, serviceAccountName:, serviceAcountName:",
    "cronjob.yaml, batch/v1, batch/v2",
    "executor-pod.yaml, tolerations:, toleration:",
    "executor-pod.yaml, mountPath:, path:",
    "rbac.yaml, roleRef:, role:",
    "sparkapplication.yaml, sparkVersion:, version:",
    "sparkapplication.yaml, memoryOverhead: 4g, overhead: 4g",
    "sparkapplication.yaml, cores: 4, cores: four",
    "sparkapplication.yaml, type: Never, type: Sometimes",
    "sparkapplication.yaml, operator: Exists, operatorr: Exists",
  })
  void aBrokenFieldIsFound(String file, String right, String wrong) throws IOException {
    String broken = text(file).replace(right, wrong);
    assertThat(broken).isNotEqualTo(text(file));

    assertThatThrownBy(() -> StrictYaml.read(broken)).isInstanceOf(IOException.class);
  }

  @Test
  void theCronJobRunsOnceAtATimeAndPassesItsExitCodeOn() throws IOException {
    CronJob job = cronJob();

    assertThat(job.getSpec().getConcurrencyPolicy()).isEqualTo("Forbid");
    assertThat(job.getSpec().getSchedule()).matches("(\\S+ ){4}\\S+");
    PodSpec pod = job.getSpec().getJobTemplate().getSpec().getTemplate().getSpec();
    assertThat(pod.getRestartPolicy()).isEqualTo("Never");
    assertThat(sparkFlags()).containsEntry("--deploy-mode", "client");
    Container driver = pod.getContainers().get(0);
    assertThat(driver.getEnv())
        .extracting(env -> "$(" + env.getName() + ")")
        .allMatch(name -> String.join(" ", driver.getArgs()).contains(name));
  }

  @Test
  void bothRunsAskForTheSameExecutors() throws IOException {
    Map<String, String> spark = sparkFlags();
    SparkApplication.Executor executor = application().spec().executor();

    assertThat(spark)
        .containsEntry("spark.executor.instances", executor.instances().toString())
        .containsEntry("spark.executor.cores", executor.cores().toString())
        .containsEntry("spark.executor.memory", executor.memory())
        .containsEntry("spark.executor.memoryOverhead", executor.memoryOverhead())
        .containsEntry("spark.kubernetes.container.image", application().spec().image());
    Map<String, String> left = new TreeMap<>(settings("gpu-spark.properties"));
    left.keySet()
        .removeAll(
            List.of(
                "spark.executor.cores", "spark.executor.memory", "spark.executor.memoryOverhead"));
    assertThat(application().spec().sparkConf()).containsAllEntriesOf(left);
    List<String> arguments = new ArrayList<>(application().spec().arguments());
    assertThat(arguments.remove(0)).isEqualTo("embed");
    assertThat(arguments).isEqualTo(embarkFlags());
  }

  @Test
  void executorsGetOneGpuAndSharesOfItAddUp() throws IOException {
    Map<String, String> spark = sparkFlags();
    Container container = executorPod().getContainers().get(0);

    assertThat(spark).containsEntry("spark.executor.resource.gpu.vendor", "nvidia.com");
    assertThat(container.getResources().getLimits().get(GPU).getAmount())
        .isEqualTo(spark.get("spark.executor.resource.gpu.amount"));
    double share = Double.parseDouble(spark.get("spark.task.resource.gpu.amount"));
    double cores = Double.parseDouble(spark.get("spark.executor.cores"));
    // Otherwise cores or shares of the GPU lie idle.
    assertThat(cores * share).isEqualTo(1);
    assertThat(executorPod().getTolerations())
        .isEqualTo(application().spec().executor().tolerations());
  }

  @Test
  void namesOfAccountsAndNamespacesAgree() throws IOException {
    List<Object> rbac = documents("rbac.yaml");
    ServiceAccount account = (ServiceAccount) rbac.get(0);
    Role role = (Role) rbac.get(1);
    RoleBinding binding = (RoleBinding) rbac.get(2);

    assertThat(binding.getRoleRef().getName()).isEqualTo(role.getMetadata().getName());
    assertThat(binding.getSubjects().get(0).getName()).isEqualTo(account.getMetadata().getName());
    PodSpec pod = cronJob().getSpec().getJobTemplate().getSpec().getTemplate().getSpec();
    assertThat(List.of(pod.getServiceAccountName(), application().spec().driver().serviceAccount()))
        .containsOnly(account.getMetadata().getName());
    assertThat(
            List.of(
                account.getMetadata().getNamespace(),
                role.getMetadata().getNamespace(),
                binding.getMetadata().getNamespace(),
                binding.getSubjects().get(0).getNamespace(),
                cronJob().getMetadata().getNamespace(),
                application().metadata().getNamespace(),
                sparkFlags().get("spark.kubernetes.namespace")))
        .containsOnly("embark");
  }

  @Test
  void nothingRunsAsRoot() throws IOException {
    PodSpec driver = cronJob().getSpec().getJobTemplate().getSpec().getTemplate().getSpec();
    for (PodSpec pod : List.of(driver, executorPod())) {
      assertThat(pod.getSecurityContext().getRunAsNonRoot()).isTrue();
      assertThat(Dockerfile.user()).isEqualTo(pod.getSecurityContext().getRunAsUser().toString());
    }
  }

  @Test
  void whatTheySayOfTheImageIsInTheImage() throws Exception {
    SparkApplication.Spec spec = application().spec();
    assertThat(Class.forName(spec.mainClass()).getMethod("main", String[].class)).isNotNull();
    Pom pom = Pom.read();
    assertThat(spec.sparkVersion()).isEqualTo(pom.property("spark.version"));
    assertThat(spec.mainApplicationFile())
        .isEqualTo("local:///opt/embark/lib/embark-" + pom.version() + ".jar");
    assertThat(spec.image()).endsWith(":" + pom.version());

    for (String file : List.of("cronjob.yaml", "sparkapplication.yaml")) {
      List<String> paths =
          IMAGE_PATH.matcher(text(file)).results().map(match -> match.group()).toList();
      assertThat(paths).isNotEmpty();
      for (String path : paths) {
        String inside = path.substring("/opt/embark/".length());
        assertThat(Dockerfile.copied()).contains(inside.substring(0, inside.indexOf('/')));
        if (!inside.startsWith("lib/")) {
          assertThat(Path.of(inside)).as("named in " + file).exists();
        }
      }
    }
  }

  private static List<String> arguments() throws IOException {
    PodSpec pod = cronJob().getSpec().getJobTemplate().getSpec().getTemplate().getSpec();
    return pod.getContainers().get(0).getArgs();
  }

  /** A file of Spark settings in conf/: keys and values parted by spaces. */
  private static Map<String, String> settings(String file) throws IOException {
    Map<String, String> found = new TreeMap<>();
    for (String line : Files.readAllLines(Path.of("conf", file))) {
      if (!line.isBlank() && !line.startsWith("#")) {
        String[] parts = line.strip().split("\\s+", 2);
        found.put(parts[0], parts[1]);
      }
    }
    return found;
  }

  private static List<String> embarkFlags() throws IOException {
    return arguments().subList(0, arguments().indexOf("--spark"));
  }

  /** What stands behind {@code --spark}: each flag and setting, those of its file included. */
  private static Map<String, String> sparkFlags() throws IOException {
    List<String> flags =
        arguments().subList(arguments().indexOf("--spark") + 1, arguments().size());
    String properties = flags.get(flags.indexOf("--properties-file") + 1);
    Map<String, String> found = settings(Path.of(properties).getFileName().toString());
    for (int i = 0; i < flags.size(); i += 2) {
      String value = flags.get(i + 1);
      if (flags.get(i).equals("--conf")) {
        int equals = value.indexOf('=');
        found.put(value.substring(0, equals), value.substring(equals + 1));
      } else {
        assertThat(flags.get(i)).startsWith("--");
        found.put(flags.get(i), value);
      }
    }
    return found;
  }
}
