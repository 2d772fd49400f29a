package io.embark.input;

import io.embark.input.gate.UnreadableInput;
import io.embark.spark.catalyst.FunctionExpression;
import io.embark.spark.catalyst.ScalaSeq;
import java.util.HashSet;
import java.util.Set;
import java.util.function.UnaryOperator;
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

/**
 * A check of a text, or of the texts in structs, arrays and maps, however deep; the value's type
 * stays, and null is null.
 */
abstract class TextCheck extends FunctionExpression {
  private static final long serialVersionUID = 1;

  final Expression value;

  TextCheck(Expression value) {
    this.value = value;
  }

  /** What comes of a value other than null. Public for Spark's generated code. */
  public abstract Object checked(Object value);

  @Override
  public final Object eval(InternalRow row) {
    Object found = value.eval(row);
    return found == null ? null : checked(found);
  }

  @Override
  public final ExprCode doGenCode(CodegenContext ctx, ExprCode ev) {
    ExprCode found = value.genCode(ctx);
    String check = ctx.addReferenceObj("check", this, getClass().getName());
    String code =
        """
        %1$s
        boolean %2$s = %3$s;
        %4$s %5$s = %2$s ? null : (%4$s) %6$s.checked(%7$s);
        """
            .formatted(
                found.code(),
                ev.isNull(),
                found.isNull(),
                CodeGenerator.javaType(dataType()),
                ev.value(),
                check,
                found.value());
    return ev.copy(new CodeBlock(ScalaSeq.of(code), ScalaSeq.of()), ev.isNull(), ev.value());
  }

  @Override
  public final DataType dataType() {
    return value.dataType();
  }

  /** Whether values of a type are texts or have some in them. */
  static boolean isFor(DataType type) {
    return type.existsRecursively(DataTypes.StringType::equals);
  }

  /**
   * The value with its texts as {@code text} has them; the same if that gives the same ones.
   *
   * @throws UnreadableInput if two keys of a map would be one
   */
  static Object mapped(Object value, DataType type, UnaryOperator<UTF8String> text) {
    if (DataTypes.StringType.equals(type) && value != null) {
      return text.apply((UTF8String) value);
    } else if (value == null || !isFor(type)) {
      return value;
    } else if (type instanceof StructType struct) {
      return row((InternalRow) value, struct, text);
    } else if (type instanceof ArrayType array) {
      return array((ArrayData) value, array.elementType(), text);
    }
    return map((MapData) value, (MapType) type, text);
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
        throw UnreadableInput.inCurrentFile(
            "keys of a map hold bytes that are no UTF-8, so that two of them may be the same: "
                + key);
      }
    }
  }
}
