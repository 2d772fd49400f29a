package io.embark.input;

import io.embark.UserError;
import io.embark.spark.column.Columns;
import io.embark.spark.path.ExactFiles;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.execution.datasources.FileFormat;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/** The rows of the files at a gate: their own columns, and those that directories give them. */
record InputRows(SparkSession spark, InputGate gate) {
  Dataset<Row> read(InputColumns wanted, Set<String> exact) throws IOException {
    FileFormat reader = gate.format().reader();
    StructType partitions = relation(gate.files(), reader, Map.of(), null).partitions();
    // Spark takes a type that it is told for a partition as it is, and infers the others.
    StructType types = gate.inferred() ? null : texts(partitions);
    return gate.format().isNeverEmpty()
        ? columnar(wanted, partitions, types)
        : byValues(reader, wanted, exact, partitions, types);
  }

  /** Files whose columns are found by looking at their values. */
  private Dataset<Row> byValues(
      FileFormat reader,
      InputColumns wanted,
      Set<String> exact,
      StructType partitions,
      StructType types) {
    InputRelation relation = relation(gate.files(), reader, Map.of(), types);
    StructType own = ExactColumns.of(relation, gate.format(), exact);
    Dataset<Row> rows = relation.rows(own);
    for (StructField column : SharedColumns.of(own, partitions)) {
      Dataset<Row> files = relation(gate.files(), reader, SharedColumns.ALONE, null).rows(own);
      boolean nullIsMissing = gate.format() == InputFormat.JSON;
      new SharedColumns(column, partitions).requireSame(files, nullIsMissing);
      rows = typed(rows, column);
    }
    return selected(rows, wanted, List.of(rows.columns()));
  }

  /** Files that say themselves what their columns are. */
  private Dataset<Row> columnar(InputColumns wanted, StructType partitions, StructType types)
      throws IOException {
    boolean caseSensitive = spark.sessionState().conf().caseSensitiveAnalysis();
    FooterReader footers =
        gate.format() == InputFormat.ORC
            ? new OrcFooter(caseSensitive)
            : ParquetFooter.of(spark.sessionState().conf());
    // The order of columns is the same everywhere; that of a listing is not.
    List<FileStatus> files =
        gate.files().files().stream().sorted(Comparator.comparing(FileStatus::getPath)).toList();
    List<FileColumns> columns = Footers.read(spark, footers, files);
    ColumnarSchema all = ColumnarSchema.of(columns, wanted, caseSensitive);
    List<StructField> shared = SharedColumns.of(all.schema(), partitions);
    StructType own =
        new StructType(
            Stream.of(all.schema().fields())
                .filter(field -> !shared.contains(field))
                .toArray(StructField[]::new));
    FileFormat reader = all.reader(gate.format(), caseSensitive);
    Dataset<Row> rows = relation(gate.files(), reader, Map.of(), types).rows(own);
    for (StructField column : shared) {
      Set<String> having =
          columns.stream()
              .filter(
                  f -> f.rows() > 0 && SharedColumns.named(f.schema(), column.name()).isPresent())
              .map(FileColumns::path)
              .collect(Collectors.toSet());
      Dataset<Row> alone =
          relation(gate.files().only(having), reader, SharedColumns.ALONE, null)
              .rows(new StructType().add(column));
      new SharedColumns(column, partitions).requireSame(alone, false);
      rows = typed(rows, column);
    }
    Set<String> known = new LinkedHashSet<>(List.of(rows.columns()));
    columns.forEach(file -> known.addAll(List.of(file.schema().fieldNames())));
    columns.forEach(file -> known.addAll(file.unreadable().keySet()));
    return selected(rows, wanted, known);
  }

  private InputRelation relation(
      InputFiles files, FileFormat reader, Map<String, String> more, StructType types) {
    Map<String, String> options = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    // What the user gives as options wins.
    options.putAll(ExactFiles.STRICT);
    options.putAll(gate.options());
    options.putAll(more);
    return new InputRelation(spark, files, reader, options, types);
  }

  private static StructType texts(StructType partitions) {
    StructType types = new StructType();
    for (String name : partitions.fieldNames()) {
      types = types.add(name, DataTypes.StringType);
    }
    return types;
  }

  /** What directories say of a column, with the type that it has in the files. */
  private Dataset<Row> typed(Dataset<Row> rows, StructField column) {
    return gate.inferred()
        ? rows
        : rows.withColumn(column.name(), Columns.of(rows, column.name()).cast(column.dataType()));
  }

  private static Dataset<Row> selected(
      Dataset<Row> rows, InputColumns wanted, Iterable<String> known) {
    if (wanted.only().isEmpty()) {
      return rows;
    }
    for (String name : wanted.only()) {
      if (Stream.of(rows.columns()).noneMatch(name::equalsIgnoreCase)) {
        throw new UserError(
            "columns: no column '%s' in the input; it has %s."
                .formatted(name, String.join(", ", known)));
      }
    }
    List<Column> selected = new ArrayList<>();
    for (String name : rows.columns()) {
      if (wanted.includes(name)) {
        selected.add(Columns.of(rows, name));
      }
    }
    return rows.select(selected.toArray(Column[]::new));
  }
}
