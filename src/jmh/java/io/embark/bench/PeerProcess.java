package io.embark.bench;

import io.embark.peers.Passes;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One way to embed, in a process of its own.
 *
 * @param name for the table
 * @param program what is started, which takes the arguments of {@link Passes}
 * @param more arguments after those
 */
record PeerProcess(String name, List<String> program, List<String> more) {
  private static final int CORES = 2;
  private static final int PASSES = 3;

  /** What jobs/submit.sh gives the JVM of a local master. */
  static final List<String> JAVA_OPTIONS =
      List.of(
          "-XX:Tier4InvocationThreshold=50000",
          "-XX:Tier4MinInvocationThreshold=6000",
          "-XX:Tier4CompileThreshold=150000",
          "-XX:Tier4BackEdgeThreshold=400000",
          "-XX:+UseParallelGC");

  /**
   * What one process took.
   *
   * @param whole seconds from its start to the end of its first pass
   * @param later median seconds of the passes after that
   */
  record Seconds(double whole, double later) {}

  /** Runs the passes, and keeps what the library says in a file. */
  Seconds run(Path input, Path output, Path log) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    // Native threads know nothing of the JVM's own limit.
    if (Runtime.getRuntime().availableProcessors() > CORES) {
      command.addAll(List.of("taskset", "-c", "0-" + (CORES - 1)));
    }
    command.addAll(program);
    command.addAll(List.of(input.toString(), output.toString(), String.valueOf(PASSES)));
    command.addAll(more);
    long start = System.nanoTime();
    Process process = new ProcessBuilder(command).redirectError(log.toFile()).start();
    double whole = 0;
    List<Double> passes = new ArrayList<>();
    try (BufferedReader lines = process.inputReader()) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith(Passes.MARK)) {
          passes.add(Double.parseDouble(line.substring(Passes.MARK.length())));
          whole = passes.size() > 1 ? whole : (System.nanoTime() - start) / 1e9;
        }
      }
    }
    if (process.waitFor() != 0 || passes.size() != PASSES) {
      throw new IllegalStateException("%s failed; what it said: %s".formatted(name, log));
    }
    double[] later = passes.stream().skip(1).mapToDouble(seconds -> seconds).toArray();
    return new Seconds(whole, new Repeats(later).median());
  }

  /** A JVM with its own class path; each has the Java options of jobs/submit.sh. */
  static List<String> jvm(String classPath, String main) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(JAVA_OPTIONS);
    command.addAll(List.of("-Xmx4g", "-Dai.djl.offline=true", "-cp", classPath, main));
    return command;
  }

  /** The version of a library, from the name of its jar. */
  static String version(String peer, String artifact) throws IOException {
    String classPath = classPath(peer);
    return Arrays.stream(classPath.split(File.pathSeparator))
        .map(jar -> Path.of(jar).getFileName().toString())
        .filter(jar -> jar.matches(artifact + "-[0-9].*\\.jar"))
        .map(jar -> jar.substring(artifact.length() + 1, jar.length() - ".jar".length()))
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("No " + artifact + " in " + classPath));
  }

  /** The class path that the build of a peer has left. */
  static String classPath(String peer) throws IOException {
    Path target = Path.of("src/peers", peer, "target");
    return target.resolve("classes")
        + File.pathSeparator
        + Files.readString(target.resolve("classpath.txt")).strip();
  }
}
