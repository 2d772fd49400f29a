package io.embark.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A session's serializer is its user's choice; a context has one for life, hence the process. */
class KryoTest {
  @TempDir Path directory;

  @Test
  void int8VectorsAndSearchUnderKryo() {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(argument -> argument.matches("--add-(opens|exports).*|-XX:.*|-Xmx.*"))
        .forEach(command::add);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), KryoRun.class.getName()));
    try (TestJvm run = new TestJvm("kryo", command, Map.of(), directory)) {
      Run ended = run.awaitEnd(Duration.ofMinutes(3)).succeeded();
      assertThat(ended.values("found themselves:")).containsExactly("6");
    }
  }
}
