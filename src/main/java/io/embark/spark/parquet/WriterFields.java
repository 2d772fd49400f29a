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
 * The fields of parquet-mr's column writer that hold the page being filled. Its methods take one
 * value at a time; to add many, one has to go to the fields. They are those of parquet-mr 1.13,
 * which comes with every Spark 3.5; where one is missing, none is used.
 */
final class WriterFields {
  private static final Logger LOG = LoggerFactory.getLogger(WriterFields.class);

  /** Of a consumer of records. */
  static final VarHandle COLUMNS;

  /** Of a column's writer. */
  static final VarHandle REPETITION_LEVELS;

  static final VarHandle DEFINITION_LEVELS;
  static final VarHandle VALUES;
  static final VarHandle VALUE_COUNT;
  static final VarHandle STATISTICS;
  static final VarHandle BLOOM_FILTER;

  /** Of the writer of plain values. */
  static final VarHandle BYTES;

  /** Null if the fields are not there. */
  private static final Class<?> CONSUMER;

  private static final Class<?> COLUMN_WRITER;

  static {
    VarHandle[] found = new VarHandle[8];
    Class<?> consumer = null;
    Class<?> writer = null;
    try {
      Class<?> records =
          Class.forName("org.apache.parquet.io.MessageColumnIO$MessageColumnIORecordConsumer");
      writer = Class.forName("org.apache.parquet.column.impl.ColumnWriterBase");
      found[0] = field(records, "columns", ColumnWriteStore.class);
      found[1] = field(writer, "repetitionLevelColumn", ValuesWriter.class);
      found[2] = field(writer, "definitionLevelColumn", ValuesWriter.class);
      found[3] = field(writer, "dataColumn", ValuesWriter.class);
      found[4] = field(writer, "valueCount", int.class);
      found[5] = field(writer, "statistics", Statistics.class);
      found[6] = field(writer, "bloomFilter", BloomFilter.class);
      found[7] = field(PlainValuesWriter.class, "arrayOut", CapacityByteArrayOutputStream.class);
      consumer = records;
    } catch (ReflectiveOperationException | LinkageError e) {
      LOG.warn(
          "Vectors are written value by value, which takes several times as long: this Parquet"
              + " library is not laid out like parquet-mr 1.13 ({}). The files are the same.",
          e.toString());
    }
    CONSUMER = consumer;
    COLUMN_WRITER = writer;
    COLUMNS = found[0];
    REPETITION_LEVELS = found[1];
    DEFINITION_LEVELS = found[2];
    VALUES = found[3];
    VALUE_COUNT = found[4];
    STATISTICS = found[5];
    BLOOM_FILTER = found[6];
    BYTES = found[7];
  }

  private WriterFields() {}

  private static VarHandle field(Class<?> owner, String name, Class<?> type)
      throws ReflectiveOperationException {
    return MethodHandles.privateLookupIn(owner, MethodHandles.lookup())
        .findVarHandle(owner, name, type);
  }

  /** False for consumers that validate or log. */
  static boolean known(Object consumer) {
    return CONSUMER != null && CONSUMER == consumer.getClass();
  }

  /** Whether the fields of this column's writer are known, given that its consumer's are. */
  static boolean knownWriter(Object columnWriter) {
    return COLUMN_WRITER.isInstance(columnWriter);
  }
}
