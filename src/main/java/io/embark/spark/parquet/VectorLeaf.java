package io.embark.spark.parquet;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Optional;
import org.apache.parquet.bytes.CapacityByteArrayOutputStream;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.ColumnWriteStore;
import org.apache.parquet.column.ColumnWriter;
import org.apache.parquet.column.statistics.Statistics;
import org.apache.parquet.column.values.ValuesWriter;
import org.apache.parquet.column.values.bloomfilter.BloomFilter;
import org.apache.parquet.column.values.plain.PlainValuesWriter;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.catalyst.util.GenericArrayData;
import org.apache.spark.unsafe.Platform;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The elements of one column of arrays on their way into one row group. The first of an array goes
 * Parquet's own way, which takes care of null and empty; the others follow in bulk.
 */
final class VectorLeaf {
  private final Elements elements;
  private final ColumnDescriptor path;
  private final ColumnWriter writer;
  private final ValuesWriter repetitionLevels;
  private final ValuesWriter definitionLevels;
  private final CapacityByteArrayOutputStream bytes;
  private byte[] scratch = new byte[0];

  private VectorLeaf(
      Elements elements, ColumnDescriptor path, ColumnWriter writer, PlainValuesWriter values) {
    this.elements = elements;
    this.path = path;
    this.writer = writer;
    this.repetitionLevels = (ValuesWriter) WriterFields.REPETITION_LEVELS.get(writer);
    this.definitionLevels = (ValuesWriter) WriterFields.DEFINITION_LEVELS.get(writer);
    this.bytes = (CapacityByteArrayOutputStream) WriterFields.BYTES.get(values);
  }

  /**
   * For a column that is repeated once; empty if its values are not simply written one after the
   * other: with a dictionary, deltas, or a Bloom filter.
   */
  static Optional<VectorLeaf> of(Elements elements, ColumnDescriptor path, ColumnWriteStore store) {
    ColumnWriter writer = store.getColumnWriter(path);
    if (ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN
        || path.getMaxRepetitionLevel() != 1
        || !WriterFields.knownWriter(writer)
        || WriterFields.BLOOM_FILTER.get(writer) != null
        || !(WriterFields.VALUES.get(writer) instanceof PlainValuesWriter values)) {
      return Optional.empty();
    }
    return Optional.of(new VectorLeaf(elements, path, writer, values));
  }

  /** An array of the first element alone. */
  ArrayData first(UnsafeArrayData array) {
    return new GenericArrayData(new Object[] {elements.value(array, 0)});
  }

  /** Number of values and nulls in the page now. */
  int count() {
    return (int) WriterFields.VALUE_COUNT.get(writer);
  }

  /**
   * Adds all elements but the first, which has just been written, of two or more without null.
   *
   * @param before {@link #count()} before the first element was written
   */
  void addRest(UnsafeArrayData array, int before) {
    int count = count();
    if (count <= before) {
      throw new IllegalStateException(
          "The first element of an array of %s has not arrived in Parquet's writer, which holds %d values as before."
              .formatted(path, count));
    }
    int rest = array.numElements() - 1;
    int definition = path.getMaxDefinitionLevel();
    for (int i = 0; i < rest; i++) {
      repetitionLevels.writeInteger(1);
      definitionLevels.writeInteger(definition);
    }
    long size = bytes.size();
    write(array, rest * elements.parquetSize());
    if (bytes.size() != size + (long) rest * elements.parquetSize()) {
      throw new IllegalStateException(
          "%d elements of %s were to be written, and %d bytes were."
              .formatted(rest, path, bytes.size() - size));
    }
    elements.count(array, 1, (Statistics<?>) WriterFields.STATISTICS.get(writer));
    WriterFields.VALUE_COUNT.set(writer, Math.addExact(count, rest));
  }

  private void write(UnsafeArrayData array, int length) {
    if (elements.asTheyLie() && array.getBaseObject() instanceof byte[] row) {
      bytes.write(row, (int) (elements.offset(array, 1) - Platform.BYTE_ARRAY_OFFSET), length);
      return;
    }
    if (scratch.length < length) {
      scratch = new byte[length];
    }
    elements.put(array, 1, scratch);
    bytes.write(scratch, 0, length);
  }

  /**
   * The fields of parquet-mr 1.13's column writer, which comes with every Spark 3.5, that hold the
   * page being filled. Its methods take one value at a time; to add many, one has to go to the
   * fields. Where one is missing, none is used.
   */
  static final class WriterFields {
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
}
