package io.embark.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The assembled Spark runtime runs an application over separate JVMs, and the harness ends what it
 * started.
 */
class StandaloneClusterIT {
  private static final Duration LIMIT = Duration.ofMinutes(2);

  @TempDir Path directory;

  @Test
  void tasksRunInOneJvmPerWorkerAndNoneInTheDriver() {
    List<ProcessHandle> executors;
    try (var cluster = StandaloneCluster.in(directory).workers(2).start()) {
      var running = CompletableFuture.supplyAsync(() -> run(cluster, 500));
      executors = cluster.executors(2);
      Run run = running.join();

      assertThat(run.values("task: ")).hasSize(8);
      assertThat(pids(run)).hasSize(2).doesNotContainAnyElementsOf(run.values("driver: "));
      assertThat(pids(run))
          .containsExactlyInAnyOrderElementsOf(
              executors.stream().map(p -> Long.toString(p.pid())).toList());
      assertThat(cluster.executorLogs())
          .hasSize(2)
          .allSatisfy(log -> assertThat(log).contains("Running task"));
    }
    assertThat(executors).noneMatch(ProcessHandle::isAlive);
  }

  @Test
  void anApplicationOutlivesAKilledExecutor() {
    try (var cluster = StandaloneCluster.in(directory).workers(2).start()) {
      var running = CompletableFuture.supplyAsync(() -> run(cluster, 1500));
      ProcessHandle killed = cluster.executors(2).get(0);
      TestJvm.await(
          "a task in either executor",
          LIMIT,
          () -> {
            List<String> logs = cluster.executorLogs();
            return logs.size() == 2 && logs.stream().allMatch(l -> l.contains("Running task"))
                ? true
                : null;
          });
      killed.destroyForcibly();
      Run run = running.join();

      assertThat(run.values("task: ")).hasSize(8);
      assertThat(cluster.executorLogs()).hasSize(3);
    }
  }

  @Test
  void tasksGetTheAddressesOfTheirWorkersGpus() {
    try (var cluster = StandaloneCluster.in(directory).workers(1).cores(2).gpus(2).start()) {
      Run run =
          cluster
              .submit(
                  LIMIT,
                  WhereTasksRun.class,
                  List.of(
                      "--conf",
                      "spark.executor.resource.gpu.amount=2",
                      "--conf",
                      "spark.task.resource.gpu.amount=1"),
                  "200")
              .succeeded();

      assertThat(run.values("task: ").stream().map(task -> task.split(" ")[2]))
          .hasSize(8)
          .containsOnly("0", "1");
    }
  }

  private static Run run(StandaloneCluster cluster, long milliseconds) {
    return cluster
        .submit(LIMIT, WhereTasksRun.class, List.of(), Long.toString(milliseconds))
        .succeeded();
  }

  private static Set<String> pids(Run run) {
    return run.values("task: ").stream()
        .map(task -> task.split(" ")[1])
        .collect(Collectors.toSet());
  }
}
