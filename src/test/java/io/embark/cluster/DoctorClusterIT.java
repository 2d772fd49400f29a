package io.embark.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.embark.testing.SpoiltModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The doctor over two executors, of which one finds another model. */
class DoctorClusterIT {
  private static final Duration LIMIT = Duration.ofMinutes(5);

  @TempDir Path directory;

  @Test
  void theDoctorReachesEveryExecutorAndAModelThatDiffersIsFoundOut() throws IOException {
    Path cluster = Files.createDirectories(directory.resolve("driver/of/cluster"));
    Path json = directory.resolve("doctor.json");
    // One path, but each process sees what lies two folders above where it runs: executors run in
    // work-0/app-1/0 and work-1/app-1/1, the driver in the cluster's own folder.
    SpoiltModel.sound(cluster.resolve("work-0/model"));
    SpoiltModel.spoilt(cluster.resolve("work-1/model"));
    SpoiltModel.sound(directory.resolve("driver/model"));
    String model = "/proc/self/cwd/../../model";

    try (var running = StandaloneCluster.in(cluster).workers(2).start()) {
      Run sound =
          running.job("doctor.sh", LIMIT, List.of(), "--device", "cpu", "--json", json.toString());
      assertThat(sound.exitCode()).as(sound.out() + sound.err()).isZero();
      JsonNode report = new ObjectMapper().readTree(json.toFile());
      List<String> places = new ArrayList<>();
      report.get("places").forEach(place -> places.add(place.get("place").asText()));
      assertThat(places).containsExactly("driver", "executor 0", "executor 1");

      Run differing =
          running.job(
              "doctor.sh",
              LIMIT,
              List.of(),
              "--device",
              "cpu",
              "--model",
              model,
              "--json",
              json.toString());
      assertThat(differing.exitCode()).as(differing.out() + differing.err()).isEqualTo(1);
      report = new ObjectMapper().readTree(json.toFile());
      int spoilt = 0;
      for (JsonNode place : report.get("places")) {
        for (JsonNode finding : place.get("findings")) {
          boolean failed = finding.get("verdict").asText().equals("FAILED");
          if (failed) {
            assertThat(finding.get("check").asText()).as(differing.out()).isIn("model", "canary");
            spoilt++;
          }
        }
      }
      assertThat(spoilt).as("model and canary, on one executor").isEqualTo(2);
    }
  }
}
