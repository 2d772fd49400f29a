package io.embark.cli.doctor;

import io.embark.cli.Words;
import io.embark.cli.doctor.DoctorReport.Finding;
import io.embark.cli.doctor.DoctorReport.Place;
import io.embark.embed.EmbedderConfig;
import io.embark.embed.Setting;
import io.embark.onnx.CudaLibraries;
import io.embark.onnx.Device;
import io.embark.onnx.OnnxRuntime;
import io.embark.onnx.OnnxRuntimeJars;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;

/** Checks of the machine and of the JVM that they run in. */
final class HostChecks {
  private static final long DISK_WANTED = 2L << 30;

  private HostChecks() {}

  /** Adds the findings; {@code output}, where vectors are to be written, may be null. */
  static void run(Place place, EmbedderConfig config, String output, Configuration hadoop) {
    boolean gpuWanted = config.get(Setting.DEVICE).needsGpu();
    place.check("java", HostChecks::java);
    place.check("spark", () -> Finding.ok(org.apache.spark.package$.MODULE$.SPARK_VERSION()));
    place.check("system", HostChecks::system);
    place.check("memory", HostChecks::memory);
    place.check("onnxruntime", HostChecks::onnxRuntime);
    place.check("onnxruntime jars", HostChecks::jars);
    place.check("nvidia-smi", () -> nvidiaSmi(gpuWanted));
    place.check("cuda libraries", () -> cudaLibraries(gpuWanted));
    place.check("model cache", HostChecks::disk);
    if (output != null) {
      place.check("output", () -> writable(output, hadoop));
    }
  }

  private static Finding java() {
    String version = System.getProperty("java.version");
    int feature = Runtime.version().feature();
    return feature == 17
        ? Finding.ok(version)
        : Finding.warning(version, "Spark 3.5 and Embark are made for Java 17.");
  }

  private static Finding system() throws IOException {
    Path info = Path.of("/proc/cpuinfo");
    List<String> lines = Files.isReadable(info) ? Files.readAllLines(info) : List.of();
    String cpu =
        lines.stream()
            .filter(line -> line.startsWith("model name"))
            .findFirst()
            .map(line -> line.substring(line.indexOf(':') + 1).strip())
            .orElse(System.getProperty("os.arch"));
    String os = System.getProperty("os.name") + " " + System.getProperty("os.version");
    return Finding.ok("%s, %d x %s".formatted(os, Runtime.getRuntime().availableProcessors(), cpu));
  }

  private static Finding memory() {
    long heap = Runtime.getRuntime().maxMemory();
    long machine =
        ManagementFactory.getOperatingSystemMXBean()
                instanceof com.sun.management.OperatingSystemMXBean system
            ? system.getTotalMemorySize()
            : 0;
    return Finding.ok("heap %s of %s".formatted(gib(heap), gib(machine)));
  }

  private static String gib(long bytes) {
    return Words.of("%.1f GiB", bytes / (double) (1L << 30));
  }

  private static Finding onnxRuntime() {
    String providers = String.join(", ", OnnxRuntime.providers());
    return Finding.ok(OnnxRuntime.version() + ", providers " + providers);
  }

  private static Finding jars() throws IOException {
    List<String> jars = OnnxRuntimeJars.jars();
    return jars.size() == 1
        ? Finding.ok("one")
        : Finding.failed(
            String.join(" and ", jars),
            "Keep onnxruntime_gpu only (or onnxruntime only): which of two is loaded is chance.");
  }

  private static Finding nvidiaSmi(boolean wanted) throws IOException, InterruptedException {
    Process process;
    try {
      process =
          new ProcessBuilder(
                  "nvidia-smi",
                  "--query-gpu=index,name,memory.total,driver_version,mig.mode.current",
                  "--format=csv,noheader")
              .redirectErrorStream(true)
              .start();
    } catch (IOException e) {
      return wanted
          ? Finding.failed(
              "not found",
              "Device cuda is asked for: install the NVIDIA driver, or in a container ask for the"
                  + " GPU (nvidia-container-toolkit, nvidia.com/gpu limits).")
          : Finding.ok("not found");
    }
    try {
      if (!process.waitFor(20, TimeUnit.SECONDS)) {
        return Finding.failed(
            "no answer in 20 s", "The driver hangs: look at dmesg for Xid errors.");
      }
      String out =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      String gpus = String.join("; ", out.lines().toList());
      return process.exitValue() == 0
          ? Finding.ok(gpus)
          : Finding.failed(gpus, "The driver does not answer; see nvidia-smi there.");
    } finally {
      process.destroyForcibly();
    }
  }

  private static Finding cudaLibraries(boolean wanted) {
    Map<String, Optional<String>> places = CudaLibraries.places(Device.CUDA);
    List<String> missing = new ArrayList<>();
    List<String> found = new ArrayList<>();
    places.forEach((library, at) -> (at.isEmpty() ? missing : found).add(at.orElse(library)));
    if (missing.isEmpty()) {
      return Finding.ok(String.join(", ", found));
    }
    String value = "missing " + String.join(", ", missing);
    return wanted
        ? Finding.failed(
            value,
            "ONNX Runtime %s needs CUDA 12 and cuDNN 9: install them, or add their folder to"
                    .formatted(OnnxRuntime.version())
                + " LD_LIBRARY_PATH (spark.executorEnv.LD_LIBRARY_PATH).")
        : Finding.ok(missing.size() == places.size() ? "none" : value);
  }

  private static Finding disk() throws IOException {
    String configured = System.getProperty("embark.cache", System.getenv("EMBARK_CACHE"));
    Path at = Path.of(configured != null ? configured : System.getProperty("java.io.tmpdir"));
    while (!Files.exists(at)) {
      at = at.toAbsolutePath().getParent();
    }
    if (!Files.isWritable(at)) {
      return Finding.failed(at + " is not writable", "Name another directory in EMBARK_CACHE.");
    }
    long free = Files.getFileStore(at).getUsableSpace();
    return free >= DISK_WANTED
        ? Finding.ok("at least 2 GiB free in " + at)
        : Finding.warning(
            gib(free) + " free in " + at,
            "Models and native libraries want 2 GiB: name another directory in EMBARK_CACHE.");
  }

  /** Writes a small file where the output would lie, in the nearest directory that exists. */
  private static Finding writable(String output, Configuration hadoop) throws IOException {
    org.apache.hadoop.fs.Path target = new org.apache.hadoop.fs.Path(output);
    FileSystem files = target.getFileSystem(hadoop);
    org.apache.hadoop.fs.Path at = files.makeQualified(target);
    while (!files.exists(at) && at.getParent() != null) {
      at = at.getParent();
    }
    org.apache.hadoop.fs.Path file =
        new org.apache.hadoop.fs.Path(at, "_embark-doctor-" + UUID.randomUUID());
    try {
      files.create(file, false).close();
      files.delete(file, false);
      return Finding.ok("writable: " + at);
    } catch (IOException e) {
      return Finding.failed(
          "cannot write in %s: %s".formatted(at, e.getMessage()),
          "Give the user that executors run as the right to write there, or use another --output.");
    }
  }
}
