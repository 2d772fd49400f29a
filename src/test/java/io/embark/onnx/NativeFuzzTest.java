package io.embark.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Corrupt models and tokenizers end in an error and not with the process. For more tries: {@code
 * -Dembark.fuzz.tries=20000}.
 */
class NativeFuzzTest {
  private static final int MINUTES_AT_MOST = 60;

  @ParameterizedTest
  @CsvSource({"models, 1, 150", "tokenizers, 1, 400"})
  void theProcessSurvives(String target, long seed, int tries, @TempDir Path directory)
      throws IOException, InterruptedException {
    Path log = directory.resolve("log");
    Process process =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Xmx512m",
                    "-cp",
                    System.getProperty("java.class.path"),
                    NativeFuzz.class.getName(),
                    target,
                    directory.toString(),
                    Long.toString(seed),
                    Integer.toString(Integer.getInteger("embark.fuzz.tries", tries))))
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    try {
      assertThat(process.waitFor(MINUTES_AT_MOST, TimeUnit.MINUTES)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    List<String> lines = Files.readAllLines(log, java.nio.charset.StandardCharsets.ISO_8859_1);
    String end = String.join("\n", lines.subList(Math.max(0, lines.size() - 40), lines.size()));
    assertThat(process.exitValue()).as(end).isZero();
    assertThat(end).contains("done, refused");
  }
}
