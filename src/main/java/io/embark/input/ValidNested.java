package io.embark.input;

import io.embark.input.gate.UnreadableInput;
import io.embark.spark.catalyst.FunctionExpression;
import io.embark.spark.catalyst.ScalaSeq;
import java.util.HashSet;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.apache.hadoop.fs.Path;
import org.apache.spark.rdd.InputFileBlockHolder;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.codegen.CodeBlock;
import org.apache.spark.sql.catalyst.expressions.codegen.CodeGenerator;
import org.apache.spark.sql.catalyst.expressions.codegen.CodegenContext;
import org.apache.spark.sql.catalyst.expressions.codegen.ExprCode;
import org.apache.spark.sql.catalyst.util.ArrayBasedMapData;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.catalyst.util.GenericArrayData;
import org.apache.spark.sql.catalyst.util.MapData;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.unsafe.types.UTF8String;

/** A struct, an array or a map whose texts, however deep, are as {@link ValidText} has them. */
public final class ValidNested extends FunctionExpression {
  private static final long serialVersionUID = 1;

  private final Expression value;

  public ValidNested(Expression value) {
    this.value = value;
  }

  /** Whether values of a type have texts in them. */
  static boolean holdsText(DataType type) {
    return type.existsRecursively(DataTypes.StringType::equals);
  }

  /**
   * The same value if all its texts are valid. Public for Spark's generated code.
   *
   * @throws UnreadableInput if two keys of a map would be one
   */
  public static Object of(Object value, DataType type) {
    return mapped(value, type, ValidText::of);
  }

  /** The value with its texts as {@code text} has them; the same if that gives the same ones. */
  static Object mapped(Object value, DataType type, UnaryOperator<UTF8String> text) {
    if (value == null || !holdsText(type)) {
      return value;
    } else if (type instanceof StructType struct) {
      return row((InternalRow) value, struct, text);
    } else if (type instanceof ArrayType array) {
      return array((ArrayData) value, array.elementType(), text);
    } else if (type instanceof MapType map) {
      return map((MapData) value, map, text);
    }
    return text.apply((UTF8String) value);
  }

  private static InternalRow row(InternalRow row, StructType type, UnaryOperator<UTF8String> text) {
    StructField[] fields = type.fields();
    Object[] valid = new Object[fields.length];
    boolean same = true;
    for (int i = 0; i < fields.length; i++) {
      Object found = row.isNullAt(i) ? null : row.get(i, fields[i].dataType());
      valid[i] = mapped(found, fields[i].dataType(), text);
      same &= valid[i] == found;
    }
    return same ? row : new GenericInternalRow(valid);
  }

  private static ArrayData array(ArrayData array, DataType type, UnaryOperator<UTF8String> text) {
    Object[] valid = new Object[array.numElements()];
    boolean same = true;
    for (int i = 0; i < valid.length; i++) {
      Object found = array.isNullAt(i) ? null : array.get(i, type);
      valid[i] = mapped(found, type, text);
      same &= valid[i] == found;
    }
    return same ? array : new GenericArrayData(valid);
  }

  private static MapData map(MapData map, MapType type, UnaryOperator<UTF8String> text) {
    ArrayData keys = map.keyArray();
    ArrayData validKeys = array(keys, type.keyType(), text);
    ArrayData values = map.valueArray();
    ArrayData validValues = array(values, type.valueType(), text);
    if (validKeys != keys) {
      requireDistinct(validKeys, type.keyType());
    }
    return validKeys == keys && validValues == values
        ? map
        : new ArrayBasedMapData(validKeys, validValues);
  }

  private static void requireDistinct(ArrayData keys, DataType type) {
    Set<Object> distinct = new HashSet<>();
    for (int i = 0; i < keys.numElements(); i++) {
      Object key = keys.get(i, type);
      if (!distinct.add(key)) {
        throw new UnreadableInput(
            new Path(InputFileBlockHolder.getInputFilePath().toString()),
            "keys of a map hold bytes that are no UTF-8, so that two of them may be the same: "
                + key,
            null);
      }
    }
  }

  @Override
  public Object eval(InternalRow row) {
    return of(value.eval(row), dataType());
  }

  @Override
  public ExprCode doGenCode(CodegenContext ctx, ExprCode ev) {
    ExprCode found = value.genCode(ctx);
    String type = ctx.addReferenceObj("type", dataType(), DataType.class.getName());
    String code =
        """
        %1$s
        boolean %2$s = %3$s;
        %4$s %5$s = %2$s ? null : (%4$s) %6$s.of(%7$s, %8$s);
        """
            .formatted(
                found.code(),
                ev.isNull(),
                found.isNull(),
                CodeGenerator.javaType(dataType()),
                ev.value(),
                ValidNested.class.getName(),
                found.value(),
                type);
    return ev.copy(new CodeBlock(ScalaSeq.of(code), ScalaSeq.of()), ev.isNull(), ev.value());
  }

  @Override
  public DataType dataType() {
    return value.dataType();
  }

  @Override
  public Object[] arguments() {
    return new Object[] {value};
  }

  @Override
  public String prettyName() {
    return "valid_nested";
  }
}
