package io.embark.spark.parquet;

import java.util.Arrays;
import java.util.Optional;
import org.apache.parquet.column.statistics.Statistics;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.unsafe.Platform;

/** Element types whose arrays Spark and Parquet hold alike, or nearly so. */
enum Elements {
  DOUBLE(DataTypes.DoubleType, Double.BYTES, Double.BYTES) {
    @Override
    void count(UnsafeArrayData array, int from, Statistics<?> statistics) {
      double min = array.getDouble(from);
      double max = min;
      for (int i = from + 1; i < array.numElements(); i++) {
        double value = array.getDouble(i);
        min = Math.min(min, value);
        max = Math.max(max, value);
      }
      if (Double.isNaN(min)) {
        // How NaN is counted depends on the order in which values come.
        for (int i = from; i < array.numElements(); i++) {
          statistics.updateStats(array.getDouble(i));
        }
      } else {
        statistics.updateStats(min);
        statistics.updateStats(max);
      }
    }
  },
  FLOAT(DataTypes.FloatType, Float.BYTES, Float.BYTES) {
    @Override
    void count(UnsafeArrayData array, int from, Statistics<?> statistics) {
      float min = array.getFloat(from);
      float max = min;
      for (int i = from + 1; i < array.numElements(); i++) {
        float value = array.getFloat(i);
        min = Math.min(min, value);
        max = Math.max(max, value);
      }
      if (Float.isNaN(min)) {
        for (int i = from; i < array.numElements(); i++) {
          statistics.updateStats(array.getFloat(i));
        }
      } else {
        statistics.updateStats(min);
        statistics.updateStats(max);
      }
    }
  },
  LONG(DataTypes.LongType, Long.BYTES, Long.BYTES) {
    @Override
    void count(UnsafeArrayData array, int from, Statistics<?> statistics) {
      long min = array.getLong(from);
      long max = min;
      for (int i = from + 1; i < array.numElements(); i++) {
        min = Math.min(min, array.getLong(i));
        max = Math.max(max, array.getLong(i));
      }
      statistics.updateStats(min);
      statistics.updateStats(max);
    }
  },
  INT(DataTypes.IntegerType, Integer.BYTES, Integer.BYTES) {
    @Override
    int whole(UnsafeArrayData array, int i) {
      return array.getInt(i);
    }
  },
  SHORT(DataTypes.ShortType, Short.BYTES, Integer.BYTES) {
    @Override
    int whole(UnsafeArrayData array, int i) {
      return array.getShort(i);
    }
  },
  BYTE(DataTypes.ByteType, Byte.BYTES, Integer.BYTES) {
    @Override
    int whole(UnsafeArrayData array, int i) {
      return array.getByte(i);
    }
  };

  private final DataType type;
  private final int size;
  private final int parquetSize;

  /**
   * @param size bytes of an element in Spark's rows
   * @param parquetSize bytes in Parquet's plain encoding, which has no integers below 4 bytes
   */
  Elements(DataType type, int size, int parquetSize) {
    this.type = type;
    this.size = size;
    this.parquetSize = parquetSize;
  }

  static Optional<Elements> of(DataType type) {
    return Arrays.stream(values()).filter(elements -> elements.type.equals(type)).findFirst();
  }

  int parquetSize() {
    return parquetSize;
  }

  /** Whether plain Parquet has the bytes of Spark's memory. */
  boolean asTheyLie() {
    return size == parquetSize;
  }

  /** Place of an element, as an offset for {@link UnsafeArrayData#getBaseObject()}. */
  long offset(UnsafeArrayData array, int i) {
    return array.getBaseOffset()
        + UnsafeArrayData.calculateHeaderPortionInBytes(array.numElements())
        + (long) size * i;
  }

  /** An element, boxed. */
  Object value(UnsafeArrayData array, int i) {
    return array.get(i, type);
  }

  int whole(UnsafeArrayData array, int i) {
    throw new UnsupportedOperationException(this + " are no integers of at most 4 bytes");
  }

  /** Writes elements in plain encoding to an array that has room for all of them. */
  void put(UnsafeArrayData array, int from, byte[] to) {
    int count = array.numElements() - from;
    if (asTheyLie()) {
      Platform.copyMemory(
          array.getBaseObject(),
          offset(array, from),
          to,
          Platform.BYTE_ARRAY_OFFSET,
          (long) count * size);
      return;
    }
    for (int i = 0; i < count; i++) {
      Platform.putInt(
          to, Platform.BYTE_ARRAY_OFFSET + (long) Integer.BYTES * i, whole(array, from + i));
    }
  }

  /** Takes the elements from one place on into a page's statistics. There is at least one. */
  void count(UnsafeArrayData array, int from, Statistics<?> statistics) {
    int min = whole(array, from);
    int max = min;
    for (int i = from + 1; i < array.numElements(); i++) {
      int value = whole(array, i);
      min = Math.min(min, value);
      max = Math.max(max, value);
    }
    statistics.updateStats(min);
    statistics.updateStats(max);
  }
}
