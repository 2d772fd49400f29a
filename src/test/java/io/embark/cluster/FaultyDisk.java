package io.embark.cluster;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;

/**
 * The local disk with faults, for driver and executors of a cluster: every change below one
 * directory takes its time, so that a process that is killed at random is killed in the middle of
 * one; one file takes very long the first time, and one cannot be renamed the first time.
 */
public final class FaultyDisk extends LocalFileSystem {
  private static final String KEY = "embark.test.disk.";

  /** How long a file that is stuck takes, in milliseconds. */
  private static final int STUCK_MILLIS = 60_000;

  /**
   * @param directory where changes are slow
   * @param sliceMillis the pause before a slice is written; a tenth of it before other changes
   * @param stuck a regular expression; the first attempt to create a file with such a path is stuck
   * @param broken a regular expression; the first attempt to rename a file to such a path fails
   * @param marks a folder that tells all processes what has happened already: {@code stuck} and
   *     {@code broken}, each with the id of the process to which it happened
   */
  record Faults(
      java.nio.file.Path directory,
      int sliceMillis,
      String stuck,
      String broken,
      java.nio.file.Path marks) {

    /**
     * The flags for spark-submit.
     *
     * @param classPath where this class is found
     */
    List<String> flags(String classPath) {
      return List.of(
          "--conf",
          "spark.hadoop.fs.file.impl=" + FaultyDisk.class.getName(),
          "--conf",
          "spark.driver.extraClassPath=" + classPath,
          "--conf",
          "spark.executor.extraClassPath=" + classPath,
          "--conf",
          "spark.hadoop." + KEY + "directory=" + directory,
          "--conf",
          "spark.hadoop." + KEY + "millis=" + sliceMillis,
          "--conf",
          "spark.hadoop." + KEY + "stuck=" + stuck,
          "--conf",
          "spark.hadoop." + KEY + "broken=" + broken,
          "--conf",
          "spark.hadoop." + KEY + "marks=" + marks);
    }
  }

  @Override
  public FSDataOutputStream create(
      Path file,
      FsPermission permission,
      boolean overwrite,
      int bufferSize,
      short replication,
      long blockSize,
      Progressable progress)
      throws IOException {
    pause(file);
    if (isFirst("stuck", file)) {
      sleep(STUCK_MILLIS);
    }
    return super.create(file, permission, overwrite, bufferSize, replication, blockSize, progress);
  }

  @Override
  public boolean rename(Path from, Path to) throws IOException {
    pause(to);
    if (isFirst("broken", to)) {
      throw new IOException("this disk does not rename " + from);
    }
    return super.rename(from, to);
  }

  @Override
  public boolean delete(Path path, boolean recursive) throws IOException {
    pause(path);
    return super.delete(path, recursive);
  }

  private void pause(Path path) throws IOException {
    String below = getConf().get(KEY + "directory", "");
    if (!below.isEmpty() && path.toUri().getPath().startsWith(below)) {
      int millis = getConf().getInt(KEY + "millis", 0);
      sleep(path.toString().contains("_attempts/") ? millis : millis / 10);
    }
  }

  /** Whether a path is the first, in all processes, that a fault is meant for. */
  private boolean isFirst(String fault, Path path) throws IOException {
    String pattern = getConf().get(KEY + fault, "");
    if (pattern.isEmpty() || !path.toString().matches(pattern)) {
      return false;
    }
    java.nio.file.Path mark = java.nio.file.Path.of(getConf().get(KEY + "marks"), fault);
    String process = Long.toString(ProcessHandle.current().pid());
    try {
      Files.writeString(mark, process, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
      return true;
    } catch (FileAlreadyExistsException e) {
      return false;
    }
  }

  private static void sleep(int millis) throws IOException {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new java.io.InterruptedIOException();
    }
  }
}
