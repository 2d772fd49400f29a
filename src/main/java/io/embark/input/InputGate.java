package io.embark.input;

import io.embark.UserError;
import io.embark.input.gate.GatedReader;
import io.embark.input.gate.Options;
import io.embark.input.gate.UnreadableInput;
import io.embark.spark.column.Columns;
import io.embark.spark.wire.Packed;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;

/**
 * The one way in for texts: files are read exactly as they were listed, or refused with the place.
 * What the driver can see is checked before the first row; the tasks check what they read ({@link
 * GatedReader}).
 *
 * @param options of Spark's reader, those of the format among them
 * @param inferred whether Spark makes numbers and dates of what stands in names of directories;
 *     else it is text, as it stands there
 */
public record InputGate(
    InputFiles files, InputFormat format, Map<String, String> options, boolean inferred) {
  /** Up to so many files are looked at from the driver. */
  private static final int FEW = 64;

  /**
   * The rows; those of a text file get one column, {@code value}.
   *
   * @param wanted the columns that are read
   * @param exact columns whose numbers are identifiers or texts, and keep every digit; fields of
   *     structs among them become columns
   * @throws UserError if a file is not what it is to be read as, or cannot be read, or files do not
   *     make one table
   */
  public Dataset<Row> read(SparkSession spark, InputColumns wanted, Set<String> exact)
      throws IOException {
    try {
      requireContents(spark);
      Dataset<Row> rows = new InputRows(spark, this).read(wanted, exact);
      Set<String> own = Set.of(rows.columns());
      for (String name : new TreeSet<>(exact)) {
        rows = Columns.withNested(rows, name);
      }
      String id = wanted.id();
      if (id != null && List.of(rows.columns()).contains(id) && !own.contains(id)) {
        ExactColumns.requireWhole(id, rows.schema().apply(id).dataType(), format);
      }
      return ValidText.in(rows, id, format.hasTypes());
    } catch (UnreadableInput e) {
      throw new UserError(e.getMessage(), e);
    }
  }

  /** A file's path and length in bytes. */
  private record Listed(String path, long length) implements Serializable {}

  private void requireContents(SparkSession spark) {
    boolean hasCharset =
        options.keySet().stream().anyMatch(key -> key.matches("(?i)encoding|charset"));
    List<Listed> all =
        files.files().stream()
            .map(file -> new Listed(file.getPath().toString(), file.getLen()))
            .toList();
    InputFormat read = format;
    if (all.size() <= FEW) {
      Configuration hadoop = spark.sparkContext().hadoopConfiguration();
      all.forEach(file -> require(file, read, hasCharset, hadoop));
      return;
    }
    Broadcast<SerializableConfiguration> conf =
        Options.broadcast(spark, spark.sparkContext().hadoopConfiguration());
    new JavaSparkContext(spark.sparkContext())
        .parallelize(all.stream().map(Packed::of).toList(), Math.min(1 + all.size() / FEW, 1000))
        .mapPartitions(some -> refusals(some, read, hasCharset, conf.value().value()))
        .take(1)
        .forEach(
            refusal -> {
              throw new UserError(refusal);
            });
  }

  private static Iterator<String> refusals(
      Iterator<byte[]> some, InputFormat format, boolean hasCharset, Configuration hadoop) {
    while (some.hasNext()) {
      try {
        require(Packed.read(some.next()), format, hasCharset, hadoop);
      } catch (UserError | UnreadableInput e) {
        return List.of(e.getMessage()).iterator();
      }
    }
    return Collections.emptyIterator();
  }

  private static void require(
      Listed file, InputFormat format, boolean hasCharset, Configuration hadoop) {
    Path path = new Path(file.path());
    try {
      FileContent.of(path, file.length(), hadoop).require(path, format, hasCharset, hadoop);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot look into " + path, e);
    }
  }
}
