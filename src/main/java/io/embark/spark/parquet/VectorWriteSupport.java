package io.embark.spark.parquet;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.ColumnWriteStore;
import org.apache.parquet.io.RecordConsumerLoggingWrapper;
import org.apache.parquet.io.api.RecordConsumer;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.execution.datasources.parquet.ParquetWriteSupport;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.unsafe.Platform;

/**
 * Writes rows as Spark does, and the elements of vectors in bulk. Spark's writer takes each element
 * through a dozen calls, which costs more than anything else; here it sees arrays of one element,
 * and the others are put behind that one before the row ends. So are columns of numbers in arrays
 * and of MLlib's vectors written, where values are not dictionary-encoded; all else stays with
 * Spark and parquet-mr.
 */
public final class VectorWriteSupport extends ParquetWriteSupport {
  /** Of {@code VectorUDT}: kind, size, indices, values. */
  private static final int UDT_FIELDS = 4;

  private static final int UDT_VALUES = 3;

  private DataType[] types;
  private List<ColumnDescriptor> paths;
  private String[] names;

  /** By column; null where elements go one by one. */
  private VectorLeaf[] leaves;

  private boolean any;
  private Optional<RowCounter> counter;

  /** By column; of the row being written, null where nothing is to be added. */
  private UnsafeArrayData[] pending;

  private int[] countBefore;

  /** Spark's name: the schema of every file is logged under it. */
  @Override
  public String logName() {
    return ParquetWriteSupport.class.getName();
  }

  @Override
  public WriteContext init(Configuration configuration) {
    WriteContext context = super.init(configuration);
    StructType schema =
        (StructType) DataType.fromJson(configuration.get(ParquetWriteSupport.SPARK_ROW_SCHEMA()));
    types = Arrays.stream(schema.fields()).map(StructField::dataType).toArray(DataType[]::new);
    names = schema.fieldNames();
    paths = context.getSchema().getColumns();
    counter = RowCounter.of(configuration, schema);
    return context;
  }

  /** With the totals of the rows, where the writer was asked to count. */
  @Override
  public FinalizedWriteContext finalizeWrite() {
    return counter
        .map(c -> new FinalizedWriteContext(Map.of(RowTotals.KEY, c.totals().json())))
        .orElseGet(super::finalizeWrite);
  }

  /** Called for each row group. */
  @Override
  public void prepareForWrite(RecordConsumer consumer) {
    leaves = new VectorLeaf[types.length];
    pending = new UnsafeArrayData[types.length];
    countBefore = new int[types.length];
    any = false;
    if (VectorLeaf.WriterFields.known(consumer)) {
      ColumnWriteStore store = (ColumnWriteStore) VectorLeaf.WriterFields.COLUMNS.get(consumer);
      for (int i = 0; i < types.length; i++) {
        leaves[i] = leaf(i, store).orElse(null);
        any |= leaves[i] != null;
      }
    }
    super.prepareForWrite(any ? addingRest(consumer) : consumer);
  }

  private Optional<VectorLeaf> leaf(int column, ColumnWriteStore store) {
    return elements(column)
        .flatMap(
            elements ->
                paths.stream()
                    .filter(path -> path.getPath()[0].equals(names[column]))
                    .filter(path -> !isVector(column) || path.getPath()[1].equals("values"))
                    .findFirst()
                    .flatMap(path -> VectorLeaf.of(elements, path, store)));
  }

  private Optional<Elements> elements(int column) {
    if (isVector(column)) {
      return Optional.of(Elements.DOUBLE);
    }
    return types[column] instanceof ArrayType array
        ? Elements.of(array.elementType())
        : Optional.empty();
  }

  /** The columns of the present row group whose elements go in bulk. */
  List<String> inBulk() {
    return IntStream.range(0, names.length)
        .filter(i -> leaves[i] != null)
        .mapToObj(i -> names[i])
        .toList();
  }

  private boolean isVector(int column) {
    return types[column].equals(SQLDataTypes.VectorType());
  }

  @Override
  public void write(InternalRow row) {
    counter.ifPresent(c -> c.add(row));
    if (!any) {
      super.write(row);
      return;
    }
    Object[] values = new Object[types.length];
    for (int i = 0; i < values.length; i++) {
      if (row.isNullAt(i)) {
        continue;
      }
      if (leaves[i] == null) {
        values[i] = row.get(i, types[i]);
      } else if (isVector(i)) {
        values[i] = firstOf(row.getStruct(i, UDT_FIELDS), i);
      } else {
        values[i] = firstOf(row.getArray(i), i);
      }
    }
    super.write(new GenericInternalRow(values));
  }

  /** A vector of {@code VectorUDT}, its array of values cut to the first. */
  private InternalRow firstOf(InternalRow vector, int column) {
    if (vector.isNullAt(UDT_VALUES)) {
      return vector;
    }
    ArrayData values = vector.getArray(UDT_VALUES);
    ArrayData first = firstOf(values, column);
    return first == values
        ? vector
        : new GenericInternalRow(
            new Object[] {
              vector.getByte(0),
              vector.isNullAt(1) ? null : vector.getInt(1),
              vector.isNullAt(2) ? null : vector.getArray(2),
              first
            });
  }

  /** The array cut to its first element, the others being pending; itself if it is left alone. */
  private ArrayData firstOf(ArrayData array, int column) {
    if (!(array instanceof UnsafeArrayData unsafe)
        || unsafe.numElements() < 2
        || holdsNull(unsafe)) {
      return array;
    }
    pending[column] = unsafe;
    countBefore[column] = leaves[column].count();
    return leaves[column].first(unsafe);
  }

  /** One bit for each element, in words of 8 bytes behind the array's length. */
  private static boolean holdsNull(UnsafeArrayData array) {
    long bits = array.getBaseOffset() + Long.BYTES;
    long end =
        array.getBaseOffset() + UnsafeArrayData.calculateHeaderPortionInBytes(array.numElements());
    for (; bits < end; bits += Long.BYTES) {
      if (Platform.getLong(array.getBaseObject(), bits) != 0) {
        return true;
      }
    }
    return false;
  }

  /** A consumer that passes everything on; it logs for debugging only. */
  private RecordConsumer addingRest(RecordConsumer consumer) {
    return new RecordConsumerLoggingWrapper(consumer) {
      @Override
      public void endMessage() {
        addRest();
        super.endMessage();
      }
    };
  }

  private void addRest() {
    for (int i = 0; i < pending.length; i++) {
      if (pending[i] != null) {
        leaves[i].addRest(pending[i], countBefore[i]);
        pending[i] = null;
      }
    }
  }
}
