package io.embark.natives;

import static org.assertj.core.api.Assertions.assertThat;

import io.embark.embed.Embedder;
import io.embark.embed.EmbedderConfig;
import io.embark.onnx.Device;
import io.embark.onnx.DeviceChoice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** JVMs that use a folder of native libraries leave nothing of their own in the temp folder. */
@EnabledOnOs(OS.LINUX)
class UnpackedOnceIT {
  @TempDir Path directory;

  /** Run in a JVM of its own; prints a hash of a vector and what natives lie in the temp folder. */
  static final class Probe {
    private Probe() {}

    public static void main(String[] args) throws IOException {
      try (Embedder embedder = Embedder.open(EmbedderConfig.of("builtin:all-MiniLM-L6-v2"))) {
        System.out.println("vector " + Arrays.hashCode(embedder.embed(List.of("a card"))[0]));
      }
      try {
        DeviceChoice.of(Device.CUDA, 0);
      } catch (IllegalStateException e) {
        System.out.println("no CUDA here");
      }
      try (Stream<Path> files = Files.walk(Path.of(System.getProperty("java.io.tmpdir")))) {
        files
            .filter(file -> file.toString().matches(".*\\.so(\\.\\d+)?"))
            .forEach(file -> System.out.println("unpacked " + file.getFileName()));
      }
    }
  }

  @Test
  void nothingIsUnpackedAndTheVectorsAreTheSame() throws Exception {
    Path natives = directory.resolve("natives");
    ExtractNatives.extract(natives, NativeStamp.Versions.ofClassPath());

    List<String> without = probe("without");
    List<String> with = probe("with", "-Dembark.natives=" + natives);

    // The control: what happens by itself, and would show in the second run.
    assertThat(without)
        .contains("unpacked libonnxruntime.so", "unpacked libtokenizers.so")
        .contains("unpacked libonnxruntime_providers_shared.so");
    assertThat(with).noneMatch(line -> line.startsWith("unpacked"));
    assertThat(with.get(0)).isEqualTo(without.get(0)).startsWith("vector ");
    assertThat(with.get(1)).isEqualTo(without.get(1));
  }

  @Test
  void aStaleFolderIsRefusedByName() throws Exception {
    Path natives = directory.resolve("natives");
    Files.createDirectory(natives);
    new NativeStamp(new NativeStamp.Versions("1.19.0", "x", "linux-x64"), java.util.Map.of())
        .write(natives);

    assertThat(String.join("\n", probe("stale", "-Dembark.natives=" + natives)))
        .contains("IllegalStateException: Cannot use the native libraries in " + natives)
        .contains("ONNX Runtime 1.19.0");
  }

  private List<String> probe(String name, String... options) throws Exception {
    Path temp = Files.createDirectory(directory.resolve(name));
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx512m", "-Djava.io.tmpdir=" + temp, "-Duser.home=" + temp));
    command.addAll(List.of(options));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Probe.class.getName()));
    Path out = Files.createFile(directory.resolve(name + ".out"));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().keySet().removeIf(key -> key.startsWith("EMBARK_"));
    Process process = builder.redirectOutput(out.toFile()).start();
    if (!process.waitFor(2, TimeUnit.MINUTES)) {
      process.destroyForcibly();
      throw new AssertionError("still running: " + Files.readString(out));
    }
    return Files.readAllLines(out).stream()
        .filter(line -> line.matches("(vector|unpacked|no CUDA|.*Exception).*"))
        .toList();
  }
}
