package io.embark.input;

import io.embark.input.gate.Options;
import io.embark.input.gate.UnreadableInput;
import io.embark.spark.wire.Packed;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;

/** The footers of many files: read by threads of the driver, or by tasks where there are many. */
final class Footers {
  /** More files than this are left to tasks. */
  private static final int DRIVER_FILES = 2_000;

  private static final int THREADS = 16;
  private static final int FILES_PER_TASK = 200;

  /** Footers remembered: commands look at an input more than once. */
  private static final int KEPT = 10_000;

  private record Key(FooterReader reader, String path, long length, long modified) {}

  private record Listed(String path, long length) implements Serializable {}

  private static final Map<Key, FileColumns> CACHE =
      Collections.synchronizedMap(
          new LinkedHashMap<>(16, 0.75f, true) {
            private static final long serialVersionUID = 1;

            @Override
            protected boolean removeEldestEntry(Map.Entry<Key, FileColumns> eldest) {
              return size() > KEPT;
            }
          });

  private Footers() {}

  /**
   * Reads the footers of files, in their order.
   *
   * @throws UnreadableInput naming a file that has none, or a damaged one
   */
  static List<FileColumns> read(SparkSession spark, FooterReader reader, List<FileStatus> files)
      throws IOException {
    List<FileStatus> unknown =
        files.stream().filter(file -> !CACHE.containsKey(key(reader, file))).toList();
    Configuration hadoop = spark.sessionState().newHadoopConf();
    List<FileColumns> read =
        unknown.size() > DRIVER_FILES
            ? byTasks(spark, reader, unknown, hadoop)
            : byThreads(reader, unknown, hadoop);
    Map<Key, FileColumns> all = new LinkedHashMap<>();
    for (int i = 0; i < unknown.size(); i++) {
      all.put(key(reader, unknown.get(i)), read.get(i));
    }
    List<FileColumns> columns = new ArrayList<>();
    for (FileStatus file : files) {
      Key key = key(reader, file);
      FileColumns found = all.containsKey(key) ? all.get(key) : CACHE.get(key);
      // Forgotten meanwhile, where there are more files than are kept.
      columns.add(found == null ? reader.read(file.getPath(), file.getLen(), hadoop) : found);
    }
    CACHE.putAll(all);
    return columns;
  }

  private static Key key(FooterReader reader, FileStatus file) {
    return new Key(reader, file.getPath().toString(), file.getLen(), file.getModificationTime());
  }

  private static List<FileColumns> byThreads(
      FooterReader reader, List<FileStatus> files, Configuration hadoop) throws IOException {
    ExecutorService threads =
        Executors.newFixedThreadPool(Math.max(1, Math.min(THREADS, files.size())));
    try {
      List<Future<FileColumns>> futures = new ArrayList<>();
      for (FileStatus file : files) {
        futures.add(threads.submit(() -> reader.read(file.getPath(), file.getLen(), hadoop)));
      }
      List<FileColumns> read = new ArrayList<>();
      for (Future<FileColumns> future : futures) {
        read.add(future.get());
      }
      return read;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException refused) {
        throw refused;
      }
      throw new IOException(e.getCause().getMessage(), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("Interrupted while footers were read.", e);
    } finally {
      threads.shutdownNow();
    }
  }

  private static List<FileColumns> byTasks(
      SparkSession spark, FooterReader reader, List<FileStatus> files, Configuration hadoop) {
    JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
    SerializableConfiguration conf = new SerializableConfiguration(hadoop);
    List<Listed> listed =
        files.stream().map(f -> new Listed(f.getPath().toString(), f.getLen())).toList();
    int tasks = (files.size() + FILES_PER_TASK - 1) / FILES_PER_TASK;
    spark.sparkContext().setJobDescription("Embark: footers of %,d files".formatted(files.size()));
    try {
      return context
          .parallelize(listed.stream().map(Packed::of).toList(), tasks)
          .map(file -> Packed.of(columns(reader, Packed.read(file), conf)))
          .collect()
          .stream()
          .map(Packed::<FileColumns>read)
          .toList();
    } catch (Exception e) {
      // Spark throws exceptions that it does not declare.
      throw refusal(e).orElseGet(() -> Options.same(e));
    }
  }

  private static FileColumns columns(
      FooterReader reader, Listed file, SerializableConfiguration conf) throws IOException {
    return reader.read(new Path(file.path()), file.length(), conf.value());
  }

  /** What a task said, out of what Spark wraps around it. */
  private static Optional<RuntimeException> refusal(Exception e) {
    return Stream.iterate((Throwable) e, Objects::nonNull, Throwable::getCause)
        .filter(UnreadableInput.class::isInstance)
        .map(RuntimeException.class::cast)
        .findFirst();
  }
}
