package io.embark.testing;

import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** One {@code local[2]} session for all Spark tests of a JVM. */
public final class LocalSpark {
  private LocalSpark() {}

  public static SparkSession session() {
    return SparkSession.builder()
        .master("local[2]")
        .appName("embark-test")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.hadoop.fs.file.impl", QuickDisk.class.getName())
        .config(
            "spark.sql.warehouse.dir", "target/spark-warehouse/" + ProcessHandle.current().pid())
        .getOrCreate();
  }

  /** Rows {@code (id bigint, text string)} with ids from 0, in as many partitions. */
  public static Dataset<Row> texts(int partitions, String... texts) {
    return texts(partitions, Arrays.asList(texts));
  }

  /** Rows {@code (id bigint, text string)} with ids from 0, in as many partitions. */
  public static Dataset<Row> texts(int partitions, List<String> texts) {
    StructType schema =
        new StructType().add("id", DataTypes.LongType).add("text", DataTypes.StringType);
    List<Row> rows =
        java.util.stream.IntStream.range(0, texts.size())
            .mapToObj(i -> RowFactory.create((long) i, texts.get(i)))
            .toList();
    return session().createDataFrame(rows, schema).repartition(partitions);
  }
}
