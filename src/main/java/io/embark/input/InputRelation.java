package io.embark.input;

import io.embark.input.gate.Options;
import io.embark.spark.catalyst.ScalaSeq;
import io.embark.spark.column.Columns;
import java.util.List;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.util.CaseInsensitiveMap$;
import org.apache.spark.sql.execution.datasources.DataSourceUtils;
import org.apache.spark.sql.execution.datasources.FileFormat;
import org.apache.spark.sql.execution.datasources.FileStatusCache;
import org.apache.spark.sql.execution.datasources.HadoopFsRelation;
import org.apache.spark.sql.execution.datasources.InMemoryFileIndex;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.SchemaUtils;
import scala.Option;
import scala.collection.immutable.Map;

/**
 * Rows of files that were listed before: these files, at these lengths and times, by paths that are
 * no patterns. {@code spark.read().load(...)} would list again, and find others.
 */
final class InputRelation {
  private final SparkSession spark;
  private final FileFormat format;
  private final Map<String, String> options;
  private final InMemoryFileIndex index;

  /**
   * @param types of columns that are known, those of partitions among them; null for none
   */
  InputRelation(
      SparkSession spark,
      InputFiles files,
      FileFormat format,
      java.util.Map<String, String> options,
      StructType types) {
    this.spark = spark;
    this.format = format;
    this.options = CaseInsensitiveMap$.MODULE$.apply(Options.scala(options));
    this.index =
        new InMemoryFileIndex(
            spark,
            ScalaSeq.of(List.copyOf(files.roots().keySet())),
            this.options,
            Option.apply(types),
            new Listed(files),
            Option.empty(),
            Option.empty());
  }

  /** The columns in the files, those that partitions are named by left out. */
  StructType inferred() {
    return format.inferSchema(spark, options, index.allFiles()).getOrElse(() -> new StructType());
  }

  StructType partitions() {
    return index.partitionSchema();
  }

  Dataset<Row> rows(StructType columns) {
    scala.Function2<String, String, Object> equality = spark.sessionState().conf().resolver();
    SchemaUtils.checkSchemaColumnNameDuplication(columns, equality);
    SchemaUtils.checkSchemaColumnNameDuplication(partitions(), equality);
    DataSourceUtils.verifySchema(format, columns);
    return spark.baseRelationToDataFrame(
        new HadoopFsRelation(
            index,
            partitions(),
            columns.asNullable(),
            Option.empty(),
            format,
            failing(columns),
            spark));
  }

  /**
   * The options, under which a column of the files is never the one that Spark's readers put
   * records into that they cannot read. Where such a record ends the run there is none.
   */
  private Map<String, String> failing(StructType columns) {
    return Options.get(options, "mode", "PERMISSIVE").equalsIgnoreCase("FAILFAST")
        ? Options.with(
            options, "columnNameOfCorruptRecord", Columns.free("corrupt", columns.fieldNames()))
        : options;
  }

  /** Answers with what was found under each path. */
  private static final class Listed extends FileStatusCache {
    private final InputFiles files;

    Listed(InputFiles files) {
      this.files = files;
    }

    @Override
    public Option<FileStatus[]> getLeafFiles(Path root) {
      List<FileStatus> found = files.roots().get(root);
      return Option.apply(found == null ? null : found.toArray(FileStatus[]::new));
    }

    @Override
    public void putLeafFiles(Path path, FileStatus[] found) {
      throw new IllegalStateException(path + " was not listed");
    }

    @Override
    public void invalidateAll() {
      // What a run has begun to read stays the same to its end.
    }
  }
}
