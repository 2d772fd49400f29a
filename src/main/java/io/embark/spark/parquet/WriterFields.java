package io.embark.spark.parquet;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.apache.parquet.bytes.CapacityByteArrayOutputStream;
import org.apache.parquet.column.ColumnWriteStore;
import org.apache.parquet.column.statistics.Statistics;
import org.apache.parquet.column.values.ValuesWriter;
import org.apache.parquet.column.values.bloomfilter.BloomFilter;
import org.apache.parquet.column.values.plain.PlainValuesWriter;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The fields of parquet-mr 1.13's column writer, which comes with every Spark 3.5, that hold the
 * page being filled. Its methods take one value at a time; to add many, one has to go to the
 * fields. Where one is missing, none is used.
 */
final class WriterFields {
  private static final Logger LOG = LoggerFactory.getLogger(WriterFields.class);

  /** What is missing; null if nothing is. */
  private static String missing;

  private static final Class<?> CONSUMER =
      type("org.apache.parquet.io.MessageColumnIO$MessageColumnIORecordConsumer");
  static final VarHandle COLUMNS = field(CONSUMER, "columns", ColumnWriteStore.class);

  private static final Class<?> COLUMN_WRITER =
      type("org.apache.parquet.column.impl.ColumnWriterBase");
  static final VarHandle REPETITION_LEVELS =
      field(COLUMN_WRITER, "repetitionLevelColumn", ValuesWriter.class);
  static final VarHandle DEFINITION_LEVELS =
      field(COLUMN_WRITER, "definitionLevelColumn", ValuesWriter.class);
  static final VarHandle VALUES = field(COLUMN_WRITER, "dataColumn", ValuesWriter.class);
  static final VarHandle VALUE_COUNT = field(COLUMN_WRITER, "valueCount", int.class);
  static final VarHandle STATISTICS = field(COLUMN_WRITER, "statistics", Statistics.class);
  static final VarHandle BLOOM_FILTER = field(COLUMN_WRITER, "bloomFilter", BloomFilter.class);
  static final VarHandle BYTES =
      field(PlainValuesWriter.class, "arrayOut", CapacityByteArrayOutputStream.class);

  static {
    if (missing != null) {
      LOG.warn(
          "Vectors are written value by value, which takes several times as long: this Parquet"
              + " library is not laid out like parquet-mr 1.13 ({}). The files are the same.",
          missing);
    }
  }

  private WriterFields() {}

  private static Class<?> type(String name) {
    try {
      return Class.forName(name);
    } catch (ReflectiveOperationException | LinkageError e) {
      missing = e.toString();
      return null;
    }
  }

  private static VarHandle field(Class<?> owner, String name, Class<?> type) {
    try {
      return owner == null
          ? null
          : MethodHandles.privateLookupIn(owner, MethodHandles.lookup())
              .findVarHandle(owner, name, type);
    } catch (ReflectiveOperationException | LinkageError e) {
      missing = e.toString();
      return null;
    }
  }

  /** False for consumers that validate or log. */
  static boolean known(Object consumer) {
    return missing == null && CONSUMER == consumer.getClass();
  }

  /** Whether the fields of this column's writer are known, given that its consumer's are. */
  static boolean knownWriter(Object columnWriter) {
    return COLUMN_WRITER.isInstance(columnWriter);
  }
}
