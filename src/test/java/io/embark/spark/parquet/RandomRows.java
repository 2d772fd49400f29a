package io.embark.spark.parquet;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.catalyst.expressions.UnsafeProjection;
import org.apache.spark.sql.catalyst.expressions.UnsafeRow;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.catalyst.util.GenericArrayData;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.unsafe.Platform;
import org.apache.spark.unsafe.types.UTF8String;

/** Rows with vectors of every kind, null, empty and odd ones among them, as Spark may hold them. */
final class RandomRows {
  /** How a row lies in memory. */
  enum Layout {
    OBJECTS,
    ON_HEAP,
    OFF_HEAP
  }

  private static final List<DataType> NUMBERS =
      List.of(
          DataTypes.DoubleType,
          DataTypes.FloatType,
          DataTypes.LongType,
          DataTypes.IntegerType,
          DataTypes.ShortType,
          DataTypes.ByteType);

  private final Random random;
  private final StructType schema;
  private final UnsafeProjection projection;

  /** Off the heap, to be freed. */
  private final List<Long> allocated = new ArrayList<>();

  RandomRows(long seed) {
    random = new Random(seed);
    List<StructField> fields = new ArrayList<>();
    int columns = 1 + random.nextInt(7);
    for (int i = 0; i < columns; i++) {
      fields.add(DataTypes.createStructField("c" + i, type(), random.nextInt(4) > 0));
    }
    schema = new StructType(fields.toArray(StructField[]::new));
    projection = UnsafeProjection.create(schema);
  }

  StructType schema() {
    return schema;
  }

  private DataType type() {
    DataType number = NUMBERS.get(random.nextInt(NUMBERS.size()));
    return switch (random.nextInt(7)) {
      case 0, 1 -> SQLDataTypes.VectorType();
      case 2, 3 -> DataTypes.createArrayType(number, false);
      case 4 -> DataTypes.createArrayType(number, true);
      case 5 -> List.of(DataTypes.StringType, DataTypes.BinaryType).get(random.nextInt(2));
      default -> number;
    };
  }

  List<InternalRow> rows(int count) {
    List<InternalRow> rows = new ArrayList<>();
    int size = 1 + random.nextInt(400);
    for (int i = 0; i < count; i++) {
      Object[] values = new Object[schema.length()];
      for (int c = 0; c < values.length; c++) {
        StructField field = schema.fields()[c];
        values[c] = field.nullable() && random.nextInt(5) == 0 ? null : value(field, size);
      }
      InternalRow row = new GenericInternalRow(values);
      Layout layout = Layout.values()[random.nextInt(3)];
      rows.add(layout == Layout.OBJECTS ? row : laidOut(row, layout));
    }
    return rows;
  }

  private InternalRow laidOut(InternalRow row, Layout layout) {
    UnsafeRow unsafe = projection.apply(row).copy();
    if (layout == Layout.ON_HEAP) {
      return unsafe;
    }
    long address = Platform.allocateMemory(unsafe.getSizeInBytes());
    allocated.add(address);
    unsafe.writeToMemory(null, address);
    UnsafeRow away = new UnsafeRow(unsafe.numFields());
    away.pointTo(null, address, unsafe.getSizeInBytes());
    return away;
  }

  void free() {
    allocated.forEach(Platform::freeMemory);
    allocated.clear();
  }

  private Object value(StructField field, int size) {
    DataType type = field.dataType();
    if (type.equals(SQLDataTypes.VectorType())) {
      return random.nextInt(4) == 0 ? sparse(size) : dense(size);
    }
    if (type instanceof ArrayType array) {
      return array(array, length(size));
    }
    if (type.equals(DataTypes.StringType)) {
      return UTF8String.fromString("text " + random.nextInt(10));
    }
    if (type.equals(DataTypes.BinaryType)) {
      byte[] bytes = new byte[random.nextInt(20)];
      random.nextBytes(bytes);
      return bytes;
    }
    return number(type);
  }

  /** Mostly that of the column; sometimes nothing, one, or another. */
  private int length(int size) {
    return switch (random.nextInt(8)) {
      case 0 -> 0;
      case 1 -> 1;
      case 2 -> random.nextInt(20);
      default -> size;
    };
  }

  private InternalRow dense(int size) {
    ArrayType doubles = DataTypes.createArrayType(DataTypes.DoubleType, false);
    return new GenericInternalRow(
        new Object[] {(byte) 1, null, null, array(doubles, length(size))});
  }

  private InternalRow sparse(int size) {
    int present = random.nextInt(size + 1);
    int[] indices = random.ints(0, size).distinct().limit(present).sorted().toArray();
    ArrayType doubles = DataTypes.createArrayType(DataTypes.DoubleType, false);
    return new GenericInternalRow(
        new Object[] {
          (byte) 0,
          size,
          UnsafeArrayData.fromPrimitiveArray(indices),
          array(doubles, indices.length)
        });
  }

  private ArrayData array(ArrayType type, int length) {
    Object[] values = new Object[length];
    boolean holes = type.containsNull() && random.nextBoolean();
    for (int i = 0; i < length; i++) {
      values[i] = holes && random.nextInt(10) == 0 ? null : number(type.elementType());
    }
    if (holes || random.nextInt(4) == 0) {
      return new GenericArrayData(values);
    }
    return primitive(type.elementType(), values);
  }

  private static UnsafeArrayData primitive(DataType type, Object[] values) {
    GenericArrayData boxed = new GenericArrayData(values);
    if (type.equals(DataTypes.DoubleType)) {
      return UnsafeArrayData.fromPrimitiveArray(boxed.toDoubleArray());
    } else if (type.equals(DataTypes.FloatType)) {
      return UnsafeArrayData.fromPrimitiveArray(boxed.toFloatArray());
    } else if (type.equals(DataTypes.LongType)) {
      return UnsafeArrayData.fromPrimitiveArray(boxed.toLongArray());
    } else if (type.equals(DataTypes.IntegerType)) {
      return UnsafeArrayData.fromPrimitiveArray(boxed.toIntArray());
    } else if (type.equals(DataTypes.ShortType)) {
      return UnsafeArrayData.fromPrimitiveArray(boxed.toShortArray());
    }
    return UnsafeArrayData.fromPrimitiveArray(boxed.toByteArray());
  }

  private Object number(DataType type) {
    if (type.equals(DataTypes.DoubleType)) {
      return odd(random.nextGaussian());
    } else if (type.equals(DataTypes.FloatType)) {
      return (float) odd(random.nextGaussian());
    } else if (type.equals(DataTypes.LongType)) {
      return random.nextLong();
    } else if (type.equals(DataTypes.IntegerType)) {
      return random.nextInt();
    } else if (type.equals(DataTypes.ShortType)) {
      return (short) random.nextInt();
    }
    return (byte) random.nextInt();
  }

  private double odd(double value) {
    return switch (random.nextInt(2000)) {
      case 0 -> Double.NaN;
      case 1 -> 0.0;
      case 2 -> -0.0;
      case 3 -> Double.NEGATIVE_INFINITY;
      default -> value;
    };
  }
}
