package io.embark.spark.path;

import io.embark.UserError;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.execution.datasources.DataSourceUtils;
import org.apache.spark.sql.execution.datasources.FileFormat;
import org.apache.spark.sql.execution.datasources.HadoopFsRelation;
import org.apache.spark.sql.execution.datasources.InMemoryFileIndex;
import org.apache.spark.sql.execution.datasources.NoopCache$;
import org.apache.spark.sql.execution.datasources.parquet.ParquetFileFormat;
import org.apache.spark.sql.types.StructType;
import scala.Option;
import scala.collection.JavaConverters;
import scala.collection.immutable.Map;
import scala.collection.immutable.Map$;

/**
 * Reads files and folders by their exact paths. Spark's {@code DataFrameReader} takes <code>
 * [ ] { } * ? \</code> in a path for a pattern; its own switch against that, {@code __globPaths__},
 * reads every path as often as there are such ones, which doubles rows.
 */
public final class ExactFiles {
  /** Nothing is passed over, whatever the session says, and pages are held to their checksums. */
  public static final java.util.Map<String, String> STRICT =
      java.util.Map.of(
          "ignoreCorruptFiles", "false",
          "ignoreMissingFiles", "false",
          "parquet.page.verify-checksum.enabled", "true");

  private ExactFiles() {}

  /** The rows of a Parquet file or folder. */
  public static Dataset<Row> parquet(SparkSession spark, Path path) {
    return read(spark, new ParquetFileFormat(), null, List.of(path));
  }

  /** The rows of Parquet files or folders, with the columns of a schema. */
  public static Dataset<Row> parquet(
      SparkSession spark, StructType schema, Collection<Path> paths) {
    return read(spark, new ParquetFileFormat(), schema, paths);
  }

  /**
   * The rows of files or folders.
   *
   * @param schema null to take it from the files
   * @throws UserError if there are no files to take it from
   * @throws UncheckedIOException if nothing is at one of the paths
   */
  public static Dataset<Row> read(
      SparkSession spark, FileFormat format, StructType schema, Collection<Path> paths) {
    Map<String, String> options =
        Map$.MODULE$.<String, String>empty().$plus$plus(JavaConverters.mapAsScalaMap(STRICT));
    Configuration hadoop = spark.sessionState().newHadoopConf();
    List<Path> qualified = paths.stream().map(path -> qualified(path, hadoop)).toList();
    Option<StructType> given = Option.apply(schema);
    InMemoryFileIndex index =
        new InMemoryFileIndex(
            spark,
            JavaConverters.asScalaBuffer(qualified).toList(),
            options,
            given,
            NoopCache$.MODULE$,
            Option.empty(),
            Option.empty());
    requireListed(index, qualified, hadoop);
    StructType partitions = index.partitionSchema();
    Option<StructType> data =
        given.isDefined()
            ? given.map(all -> without(all, partitions, spark))
            : format.inferSchema(spark, options, index.allFiles());
    if (data.isEmpty()) {
      throw new UserError("There is no %s file at %s.".formatted(format, paths));
    }
    StructType columns = data.get().asNullable();
    DataSourceUtils.verifySchema(format, columns);
    return spark.baseRelationToDataFrame(
        new HadoopFsRelation(index, partitions, columns, Option.empty(), format, options, spark));
  }

  private static Path qualified(Path path, Configuration hadoop) {
    try {
      return path.getFileSystem(hadoop).makeQualified(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
  }

  /** A path that is missing is listed without a word; its rows would be missing as well. */
  private static void requireListed(
      InMemoryFileIndex index, List<Path> paths, Configuration hadoop) {
    Set<Path> listed = new HashSet<>();
    for (FileStatus file : JavaConverters.seqAsJavaList(index.allFiles())) {
      listed.add(file.getPath());
    }
    try {
      for (Path path : paths) {
        if (!listed.contains(path)) {
          FileSystem files = path.getFileSystem(hadoop);
          if (!files.exists(path)) {
            throw new FileNotFoundException("Nothing at " + path + ".");
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
  }

  private static StructType without(StructType all, StructType partitions, SparkSession spark) {
    StructType left = new StructType();
    for (var field : all.fields()) {
      boolean partition = false;
      for (String name : partitions.fieldNames()) {
        partition |= (Boolean) spark.sessionState().analyzer().resolver().apply(name, field.name());
      }
      left = partition ? left : left.add(field);
    }
    return left;
  }
}
