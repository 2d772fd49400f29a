package io.embark.table;

import static org.apache.spark.sql.functions.*;

import io.embark.spark.column.Columns;
import io.embark.spark.parquet.VectorParquetFormat;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.mapreduce.JobContext;
import org.apache.hadoop.mapreduce.TaskAttemptContext;
import org.apache.spark.internal.io.FileCommitProtocol;
import org.apache.spark.internal.io.FileNameSpec;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RuntimeConfig;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import scala.Option;
import scala.collection.Seq;

/**
 * Work cut into slices, each of which is done wholly or not at all. A row's slice follows from its
 * values alone, so that a run that goes on for another finds the same rows in the same slices.
 */
public final class Slices {
  private static final Pattern FILE = Pattern.compile("slice-(\\d{5,})\\.parquet");

  private static final String PROTOCOL = "spark.sql.sources.commitProtocolClass";

  private Slices() {}

  /** A column in a form that Spark can hash, which it cannot where maps are in it. */
  private static Column hashable(StructField field) {
    Column column = Columns.of(field.name());
    return holdsMap(field) ? ContentHash.of(column, field.dataType()) : column;
  }

  private static boolean holdsMap(StructField field) {
    return field.dataType().existsRecursively(type -> type instanceof MapType);
  }

  /** Whether the slices of such rows, by all columns, follow from what is in maps. */
  public static boolean byMaps(StructType rows) {
    return Stream.of(rows.fields()).anyMatch(Slices::holdsMap);
  }

  /** The number of the slice that a file holds. */
  public static int numberOf(String file) {
    Matcher name = FILE.matcher(file);
    if (!name.matches()) {
      throw new IllegalArgumentException(file + " is no slice");
    }
    return Integer.parseInt(name.group(1));
  }

  static boolean isOne(String file) {
    return FILE.matcher(file).matches();
  }

  static String fileOf(int number) {
    return "slice-%05d.parquet".formatted(number);
  }

  /**
   * The rows of slices that are still to do, one partition a slice.
   *
   * @param count of slices
   * @param idCol decides a row's slice; null for all columns
   */
  public static Dataset<Row> undone(Dataset<Row> rows, int count, String idCol, Set<Integer> done) {
    Column[] key =
        Stream.of(rows.schema().fields())
            .filter(field -> idCol == null || field.name().equals(idCol))
            .map(Slices::hashable)
            .toArray(Column[]::new);
    // What repartition() computes: HashPartitioning is pmod of this very hash.
    Column slice = pmod(hash(key), lit(count));
    Dataset<Row> left = done.isEmpty() ? rows : rows.where(not(slice.isInCollection(done)));
    return left.repartition(count, key);
  }

  /** Writes rows partitioned by slices, as Parquet; each slice stays once it is done. */
  public static void write(Dataset<Row> rows, String directory, Map<String, String> options) {
    RuntimeConfig conf = rows.sparkSession().conf();
    String before = conf.contains(PROTOCOL) ? conf.get(PROTOCOL) : null;
    conf.set(PROTOCOL, CommitProtocol.class.getName());
    try {
      rows.write()
          .mode("append")
          .option("maxRecordsPerFile", 0)
          .options(options)
          .format(VectorParquetFormat.NAME)
          .save(directory);
    } finally {
      if (before == null) {
        conf.unset(PROTOCOL);
      } else {
        conf.set(PROTOCOL, before);
      }
    }
  }

  /**
   * Makes each task's file final as soon as the task is done, and keeps it when the job fails: the
   * file of partition 12 becomes {@code slice-00012.parquet} in one rename. Spark's own protocols
   * wait for the whole job. Of two attempts at one task the first wins; they hold the same rows.
   */
  public static final class CommitProtocol extends FileCommitProtocol implements Serializable {
    private static final long serialVersionUID = 1;

    /** Unfinished files. The underscore hides them from readers. */
    static final String ATTEMPTS = "_attempts";

    private final String directory;
    private final String attempts;
    private String attempt;
    private String slice;

    /** As Spark wants it. */
    public CommitProtocol(String jobId, String directory) {
      this.directory = directory;
      this.attempts = directory + "/" + ATTEMPTS;
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
    public String newTaskTempFile(
        TaskAttemptContext task, Option<String> partition, String suffix) {
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
          // After a power cut a slice is there as a whole or not at all.
          LocalDisk.sync(files, from);
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
}
