package io.embark.input;

import io.embark.UserError;
import io.embark.input.gate.UnreadableInput;
import java.io.IOException;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.hadoop.fs.FileStatus;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * Parquet files that may become a table: with the same type for a column in all of them.
 *
 * @param schema the columns of the files; one that a file lacks is null there
 * @param rows of each file, by its path
 */
public record UniformParquet(StructType schema, Map<String, Long> rows) {
  /**
   * What the footers of files say.
   *
   * @throws UserError naming a file whose column has another type, or one that is damaged
   */
  public static UniformParquet of(SparkSession spark, Collection<FileStatus> files)
      throws IOException {
    List<FileStatus> sorted =
        files.stream().sorted(Comparator.comparing(FileStatus::getPath)).toList();
    List<FileColumns> columns;
    try {
      columns = Footers.read(spark, ParquetFooter.of(spark.sessionState().conf()), sorted);
    } catch (UnreadableInput e) {
      throw new UserError(e.getMessage(), e);
    }
    boolean caseSensitive = spark.sessionState().conf().caseSensitiveAnalysis();
    StructType schema = ColumnarSchema.of(columns, InputColumns.all(null), caseSensitive).schema();
    for (FileColumns file : columns) {
      for (StructField field : file.schema().fields()) {
        StructField table = SharedColumns.named(schema, field.name()).orElseThrow();
        if (!table.dataType().sameType(field.dataType())) {
          throw new UserError(
              ("output: column '%s' is %s in %s and %s in other files; a table has the same type in"
                      + " every file. Use another output, or --mode overwrite.")
                  .formatted(
                      field.name(),
                      field.dataType().simpleString(),
                      file.path(),
                      table.dataType().simpleString()));
        }
      }
    }
    return new UniformParquet(
        schema, columns.stream().collect(Collectors.toMap(FileColumns::path, FileColumns::rows)));
  }
}
