package io.embark.spark.gpu;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** The device files of NVIDIA GPUs; a container has those of its own devices only. */
final class GpuFiles {
  private GpuFiles() {}

  /** How many GPUs there are device files for; 0 where there are no such files. */
  static int count() {
    return count(Path.of("/dev"));
  }

  static int count(Path devices) {
    if (!Files.isDirectory(devices)) {
      return 0;
    }
    try (Stream<Path> files = Files.list(devices)) {
      return (int) files.filter(f -> f.getFileName().toString().matches("nvidia\\d+")).count();
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot list " + devices, e);
    }
  }
}
