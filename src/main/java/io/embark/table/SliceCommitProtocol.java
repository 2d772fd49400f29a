package io.embark.table;

import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.mapreduce.JobContext;
import org.apache.hadoop.mapreduce.TaskAttemptContext;
import org.apache.spark.internal.io.FileCommitProtocol;
import org.apache.spark.internal.io.FileNameSpec;
import scala.Option;
import scala.collection.Seq;

/**
 * Makes each task's file final as soon as the task is done, and keeps it when the job fails: the
 * file of partition 12 becomes {@code slice-00012.parquet} in one rename. Spark's own protocols
 * wait for the whole job. Of two attempts at one task the first wins; they hold the same rows.
 */
public final class SliceCommitProtocol extends FileCommitProtocol implements Serializable {
  private static final long serialVersionUID = 1;

  static final String PREFIX = "slice-";

  /** Unfinished files. The underscore hides them from readers. */
  static final String ATTEMPTS = "_attempts";

  private final String directory;
  private final String attempts;
  private String attempt;
  private String slice;

  /** As Spark wants it. */
  public SliceCommitProtocol(String jobId, String directory) {
    this.directory = directory;
    this.attempts = directory + "/" + ATTEMPTS;
  }

  static String fileOf(int number) {
    return "%s%05d.parquet".formatted(PREFIX, number);
  }

  @Override
  public void setupJob(JobContext job) {
    // Left by a run that was killed.
    delete(attempts, job);
  }

  @Override
  public void setupTask(TaskAttemptContext task) {
    attempt = null;
    slice = null;
  }

  @Override
  public String newTaskTempFile(
      TaskAttemptContext task, Option<String> partition, FileNameSpec name) {
    if (attempt != null || partition.isDefined()) {
      throw new IllegalStateException("a slice is one file");
    }
    int number = task.getTaskAttemptID().getTaskID().getId();
    slice = directory + "/" + fileOf(number);
    attempt = "%s/%s%s".formatted(attempts, task.getTaskAttemptID(), name.suffix());
    return attempt;
  }

  /** Not called any more, but Spark still declares it without a body. */
  @Deprecated
  @Override
  public String newTaskTempFile(TaskAttemptContext task, Option<String> partition, String suffix) {
    return newTaskTempFile(task, partition, new FileNameSpec("", suffix));
  }

  /** Slices lie in one directory, so nobody asks for another. */
  @Deprecated
  @Override
  public String newTaskTempFileAbsPath(TaskAttemptContext task, String directory, String suffix) {
    throw new UnsupportedOperationException("slices lie in one directory");
  }

  @Override
  public TaskCommitMessage commitTask(TaskAttemptContext task) {
    if (attempt != null) {
      try {
        Path from = new Path(attempt);
        Path to = new Path(slice);
        FileSystem files = to.getFileSystem(task.getConfiguration());
        // Asked first: a rename on a local disk overwrites, and partition 0 gets a file even when
        // its rows were left out because an earlier run has done them.
        if (files.exists(to) || !files.rename(from, to) && files.exists(to)) {
          files.delete(from, false);
        } else if (!files.exists(to)) {
          throw new IOException("Could not rename %s to %s.".formatted(from, to));
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return new TaskCommitMessage(slice == null ? "" : slice);
  }

  @Override
  public void abortTask(TaskAttemptContext task) {
    if (attempt != null) {
      delete(attempt, task);
    }
  }

  @Override
  public void commitJob(JobContext job, Seq<TaskCommitMessage> tasks) {
    delete(attempts, job);
  }

  @Override
  public void abortJob(JobContext job) {
    delete(attempts, job);
  }

  private static void delete(String file, JobContext context) {
    try {
      Path path = new Path(file);
      path.getFileSystem(context.getConfiguration()).delete(path, true);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
