package io.embark.input;

import io.embark.spark.catalyst.FunctionExpression;
import io.embark.spark.catalyst.ScalaSeq;
import io.embark.spark.column.Columns;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.codegen.CodeBlock;
import org.apache.spark.sql.catalyst.expressions.codegen.CodegenContext;
import org.apache.spark.sql.catalyst.expressions.codegen.ExprCode;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.unsafe.Platform;
import org.apache.spark.unsafe.types.UTF8String;

/**
 * A text whose bytes are UTF-8: those that are not become U+FFFD, as decoders do it. Parquet, ORC
 * and text files may hold any bytes as a string; Spark passes them on, and other readers then fail
 * on the whole column.
 */
public final class ValidText extends FunctionExpression {
  private static final long serialVersionUID = 1;

  private final Expression text;

  public ValidText(Expression text) {
    this.text = text;
  }

  /**
   * The rows with all their strings valid, those within other values too.
   *
   * @param id the column of ids, of which none may change; null for none
   * @param any whether the files may hold any bytes as a string; else their reader made the strings
   */
  static Dataset<Row> in(Dataset<Row> rows, String id, boolean any) {
    return rows.select(
        Arrays.stream(rows.schema().fields())
            .map(
                field -> {
                  Column column = Columns.of(rows, field.name());
                  Expression text = column.expr();
                  boolean isId = field.name().equals(id);
                  Expression valid = null;
                  if (isId && ValidNested.holdsText(field.dataType())) {
                    valid = new ValidId(text, id, any);
                  } else if (any && field.dataType().equals(DataTypes.StringType)) {
                    valid = new ValidText(text);
                  } else if (any && ValidNested.holdsText(field.dataType())) {
                    valid = new ValidNested(text);
                  }
                  return valid == null
                      ? column
                      : new Column(valid).as(field.name(), field.metadata());
                })
            .toArray(Column[]::new));
  }

  /** The same text if it is valid. Public for Spark's generated code. */
  public static UTF8String of(UTF8String text) {
    byte[] bytes = null;
    for (int i = 0; i < text.numBytes(); i++) {
      if (Platform.getByte(text.getBaseObject(), text.getBaseOffset() + i) < 0) {
        bytes = text.getBytes();
        break;
      }
    }
    if (bytes == null) {
      return text;
    }
    byte[] valid = new String(bytes, StandardCharsets.UTF_8).getBytes(StandardCharsets.UTF_8);
    return Arrays.equals(bytes, valid) ? text : UTF8String.fromBytes(valid);
  }

  @Override
  public Object eval(InternalRow row) {
    Object value = text.eval(row);
    return value == null ? null : of((UTF8String) value);
  }

  @Override
  public ExprCode doGenCode(CodegenContext ctx, ExprCode ev) {
    ExprCode value = text.genCode(ctx);
    String code =
        """
        %1$s
        boolean %2$s = %3$s;
        UTF8String %4$s = %2$s ? null : %5$s.of(%6$s);
        """
            .formatted(
                value.code(),
                ev.isNull(),
                value.isNull(),
                ev.value(),
                ValidText.class.getName(),
                value.value());
    return ev.copy(new CodeBlock(ScalaSeq.of(code), ScalaSeq.of()), ev.isNull(), ev.value());
  }

  @Override
  public DataType dataType() {
    return DataTypes.StringType;
  }

  @Override
  public Object[] arguments() {
    return new Object[] {text};
  }

  @Override
  public String prettyName() {
    return "valid_text";
  }
}
