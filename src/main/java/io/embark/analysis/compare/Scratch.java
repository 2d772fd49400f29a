package io.embark.analysis.compare;

import io.embark.spark.parquet.VectorParquetFormat;
import io.embark.spark.path.ExactFiles;
import java.io.IOException;
import java.util.UUID;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** A folder of tables, so that a comparison computes vectors only once. Closing deletes it. */
public final class Scratch implements AutoCloseable {
  private final SparkSession spark;
  private final FileSystem files;
  private final Path folder;

  /** Makes a folder of its own in the directory. */
  public Scratch(SparkSession spark, Path directory) throws IOException {
    this.spark = spark;
    this.files = directory.getFileSystem(spark.sparkContext().hadoopConfiguration());
    this.folder = new Path(directory, "_compare-" + UUID.randomUUID());
    files.mkdirs(folder);
  }

  /** Computes and writes a table; returns it as it was written, to be read column by column. */
  public Dataset<Row> keep(String name, Dataset<Row> table) {
    Path path = new Path(folder, name);
    table.write().format(VectorParquetFormat.NAME).save(path.toString());
    return ExactFiles.parquet(spark, path);
  }

  @Override
  public void close() throws IOException {
    files.delete(folder, true);
  }
}
