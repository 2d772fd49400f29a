package io.embark.input;

import io.embark.input.gate.UnreadableInput;
import java.io.IOException;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.column.statistics.Statistics;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.hadoop.metadata.ParquetMetadata;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;
import org.apache.spark.sql.execution.datasources.parquet.ParquetToSparkSchemaConverter;
import org.apache.spark.sql.internal.SQLConf;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * Footers of Parquet files. The columns are those of the file, and not those that Spark once noted
 * in its footer: other writers copy the note and change the columns.
 *
 * @param binaryAsString {@code spark.sql.parquet.binaryAsString}
 * @param int96AsTimestamp {@code spark.sql.parquet.int96AsTimestamp}
 * @param caseSensitive {@code spark.sql.caseSensitive}
 * @param timestampNtz {@code spark.sql.parquet.inferTimestampNTZ.enabled}
 * @param nanosAsLong {@code spark.sql.legacy.parquet.nanosAsLong}
 */
record ParquetFooter(
    boolean binaryAsString,
    boolean int96AsTimestamp,
    boolean caseSensitive,
    boolean timestampNtz,
    boolean nanosAsLong)
    implements FooterReader {

  static ParquetFooter of(SQLConf conf) {
    return new ParquetFooter(
        conf.isParquetBinaryAsString(),
        conf.isParquetINT96AsTimestamp(),
        conf.caseSensitiveAnalysis(),
        conf.parquetInferTimestampNTZEnabled(),
        conf.legacyParquetNanosAsLong());
  }

  @Override
  public FileColumns read(Path file, long length, Configuration hadoop) throws IOException {
    ParquetMetadata footer;
    try (ParquetFileReader reader =
        ParquetFileReader.open(HadoopInputFile.fromPath(file, hadoop))) {
      footer = reader.getFooter();
    } catch (IOException | RuntimeException e) {
      throw UnknownParquetTypes.in(file, length, hadoop)
          .orElseGet(() -> UnreadableInput.of(file, e));
    }
    return columns(file, footer, hadoop);
  }

  private FileColumns columns(Path file, ParquetMetadata footer, Configuration hadoop) {
    ParquetToSparkSchemaConverter converter =
        new ParquetToSparkSchemaConverter(
            binaryAsString, int96AsTimestamp, caseSensitive, timestampNtz, nanosAsLong);
    Map<String, StructField> noted = SparkNote.of(footer.getFileMetaData().getKeyValueMetaData());
    StructType schema = new StructType();
    Map<String, String> unreadable = new LinkedHashMap<>();
    for (Type type : footer.getFileMetaData().getSchema().getFields()) {
      try {
        // One by one, to know which it is that fails.
        StructType one = converter.convert(new MessageType("column", type));
        schema = schema.add(SparkNote.applied(noted.get(type.getName()), one.apply(0)));
      } catch (Exception e) {
        unreadable.put(type.getName(), inWords(type));
      }
    }
    List<Type> types = footer.getFileMetaData().getSchema().getFields();
    FileColumns.ambiguous(types.stream().map(Type::getName).toList(), caseSensitive, unreadable);
    long rows = 0;
    Set<String> values = new HashSet<>();
    for (BlockMetaData block : footer.getBlocks()) {
      rows += block.getRowCount();
      for (ColumnChunkMetaData chunk : block.getColumns()) {
        String column = chunk.getPath().toArray()[0];
        if (chunk.getPath().size() > 1 || !isNull(chunk)) {
          values.add(column);
        }
        if (!isKnown(chunk.getCodec(), hadoop)) {
          unreadable.putIfAbsent(
              column,
              "is compressed with %s, for which there is no codec on the class path"
                  .formatted(chunk.getCodec()));
        }
      }
    }
    Set<String> empty = new HashSet<>(List.of(schema.fieldNames()));
    empty.removeAll(values);
    return new FileColumns(file.toString(), rows, schema, unreadable, empty);
  }

  private static boolean isNull(ColumnChunkMetaData chunk) {
    Statistics<?> statistics = chunk.getStatistics();
    return statistics != null
        && statistics.isNumNullsSet()
        && statistics.getNumNulls() == chunk.getValueCount();
  }

  private static boolean isKnown(CompressionCodecName codec, Configuration hadoop) {
    String name = codec.getHadoopCompressionCodecClassName();
    return name == null || hadoop.getClassByNameOrNull(name) != null;
  }

  private static String inWords(Type type) {
    String text = type.isPrimitive() ? type.asPrimitiveType().getPrimitiveTypeName().name() : "";
    return "is %s, a type of Parquet that Spark does not read"
        .formatted(
            type.isPrimitive() && type.getLogicalTypeAnnotation() != null
                ? "%s (%s)".formatted(text, type.getLogicalTypeAnnotation())
                : type.isPrimitive() ? text : type.toString().replaceAll("\\s+", " "));
  }
}
