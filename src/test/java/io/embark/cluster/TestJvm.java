package io.embark.cluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A process started by a test, with its output in two files; closing it ends it and all that it
 * started.
 */
final class TestJvm implements AutoCloseable {
  private final String name;
  private final Process process;
  private final Path out;
  private final Path err;

  /**
   * Starts {@code command} in {@code directory}. Its environment is this one's without any Spark
   * settings, plus {@code environment}.
   */
  TestJvm(String name, List<String> command, Map<String, String> environment, Path directory) {
    this.name = name;
    this.out = directory.resolve(name + ".out");
    this.err = directory.resolve(name + ".err");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectInput(ProcessBuilder.Redirect.PIPE)
            .redirectOutput(out.toFile())
            .redirectError(err.toFile());
    builder
        .environment()
        .keySet()
        .removeIf(key -> key.startsWith("SPARK_") || key.equals("MASTER"));
    builder.environment().putAll(environment);
    try {
      process = builder.start();
      process.getOutputStream().close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** What it has printed to standard error so far. */
  String log() {
    return read(err);
  }

  ProcessHandle handle() {
    return process.toHandle();
  }

  /** The first group of the first match in standard error, as soon as it is there. */
  String awaitInLog(Pattern pattern, Duration limit) {
    return await(
        name + " to log " + pattern,
        limit,
        () -> {
          if (!process.isAlive()) {
            throw new AssertionError(name + " ended early:\n" + read(out) + read(err));
          }
          Matcher matcher = pattern.matcher(read(err));
          return matcher.find() ? matcher.group(1) : null;
        });
  }

  /**
   * How it ended; past the limit it is killed and an error is thrown that shows the end of its log.
   */
  Run awaitEnd(Duration limit) {
    try {
      if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
        close();
        throw new AssertionError(
            name + " still ran after " + limit + ":\n" + read(out) + read(err));
      }
    } catch (InterruptedException e) {
      close();
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while " + name + " ran", e);
    }
    return new Run(process.exitValue(), read(out), read(err));
  }

  /**
   * Ends the process and its descendants at once and waits until it is gone; again: nothing
   * happens.
   */
  @Override
  public void close() {
    List<ProcessHandle> descendants = process.descendants().toList();
    process.destroyForcibly();
    descendants.forEach(ProcessHandle::destroyForcibly);
    process.onExit().orTimeout(10, TimeUnit.SECONDS).exceptionally(e -> null).join();
  }

  /** Asks every 50 ms until there is an answer other than null. */
  static <T> T await(String what, Duration limit, Supplier<T> answer) {
    long end = System.nanoTime() + limit.toNanos();
    while (true) {
      T found = answer.get();
      if (found != null) {
        return found;
      }
      if (System.nanoTime() > end) {
        throw new AssertionError("waited " + limit + " in vain for " + what);
      }
      try {
        Thread.sleep(50);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted while waiting for " + what, e);
      }
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
