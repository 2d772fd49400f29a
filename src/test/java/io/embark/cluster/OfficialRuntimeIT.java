package io.embark.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The embed job where the class path begins with the libraries of the official distribution. */
class OfficialRuntimeIT {
  @TempDir Path directory;

  @Test
  void embedsOnExecutorsWithOldLibrariesAheadOfOurs() throws IOException {
    Path spark =
        OfficialRuntime.assemble(
            directory.resolve("spark-3.5.7-bin-hadoop3"),
            Path.of(System.getProperty("embark.dist"), "spark"),
            Path.of(System.getProperty("embark.official.jars")));
    assertThat(jars(spark))
        .contains("protobuf-java-2.5.0.jar", "gson-2.2.4.jar", "guava-14.0.1.jar")
        .contains("jackson-core-2.15.2.jar", "jackson-databind-2.15.2.jar")
        .filteredOn(name -> name.matches("(protobuf-java|gson|guava)-\\d.*"))
        .hasSize(3);
    Path input = directory.resolve("texts.jsonl");
    StringBuilder json = new StringBuilder();
    for (int i = 0; i < 60; i++) {
      json.append("{\"id\": %d, \"text\": \"why was card %d declined\"}\n".formatted(i, i));
    }
    Files.writeString(input, json);

    Run run;
    List<String> logs;
    try (var cluster =
        StandaloneCluster.in(Files.createDirectory(directory.resolve("cluster")))
            .workers(2)
            // Our jars are sent along, and so come behind Spark's; a class path would come before.
            .spark(spark)
            .start()) {
      run =
          cluster
              .embed(
                  Duration.ofMinutes(4),
                  "--input",
                  input.toString(),
                  "--output",
                  directory.resolve("vectors").toString(),
                  // Poolings are added to the graph with protobuf, on driver and executors.
                  "--pooling",
                  "mean,cls")
              .succeeded();
      logs = cluster.executorLogs();
    }
    assertThat(run.out()).contains("60 rows");
    // One task may be over before the other executor has opened its session.
    assertThat(logs).hasSize(2).anyMatch(log -> log.contains("Loaded model"));
    assertThat(logs).noneMatch(log -> log.contains("NoSuchMethodError"));
  }

  private static List<String> jars(Path spark) throws IOException {
    try (Stream<Path> files = Files.list(spark.resolve("jars"))) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }
}
