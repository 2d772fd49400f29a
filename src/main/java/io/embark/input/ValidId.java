package io.embark.input;

import io.embark.input.gate.UnreadableInput;
import io.embark.spark.catalyst.FunctionExpression;
import io.embark.spark.catalyst.ScalaSeq;
import java.util.function.UnaryOperator;
import org.apache.hadoop.fs.Path;
import org.apache.spark.rdd.InputFileBlockHolder;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.codegen.CodeBlock;
import org.apache.spark.sql.catalyst.expressions.codegen.CodeGenerator;
import org.apache.spark.sql.catalyst.expressions.codegen.CodegenContext;
import org.apache.spark.sql.catalyst.expressions.codegen.ExprCode;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.unsafe.types.UTF8String;

/**
 * An id that stands in the file as it is; one that does not is refused with the file, for what is
 * put in the place of other bytes is the same for all of them, and two ids would be one.
 */
public final class ValidId extends FunctionExpression {
  private static final long serialVersionUID = 1;

  private static final UTF8String REPLACEMENT = UTF8String.fromString("\ufffd");

  /** Another object for a text with U+FFFD in it. */
  private static final UnaryOperator<UTF8String> MARKED =
      text -> text.contains(REPLACEMENT) ? UTF8String.EMPTY_UTF8 : text;

  private final Expression id;
  private final String column;
  private final boolean any;

  /**
   * An id of a column.
   *
   * @param any whether its bytes are those of the file; else a reader has put U+FFFD for what is no
   *     text
   */
  public ValidId(Expression id, String column, boolean any) {
    this.id = id;
    this.column = column;
    this.any = any;
  }

  /** The id, or a refusal. Public for Spark's generated code. */
  public static Object of(Object id, DataType type, String column, boolean any) {
    // The same object if nothing is wrong with it.
    Object whole = any ? ValidNested.of(id, type) : ValidNested.mapped(id, type, MARKED);
    if (whole == id) {
      return id;
    }
    throw new UnreadableInput(
        new Path(InputFileBlockHolder.getInputFilePath().toString()),
        "an id (column '%s') %s, so that it may be the same as another: %s"
            .formatted(
                column,
                any
                    ? "holds bytes that are no UTF-8"
                    : "holds U+FFFD, which stands for what is no text",
                id instanceof UTF8String ? id : "in a value of " + type.simpleString()),
        null);
  }

  @Override
  public Object eval(InternalRow row) {
    Object value = id.eval(row);
    return value == null ? null : of(value, dataType(), column, any);
  }

  @Override
  public ExprCode doGenCode(CodegenContext ctx, ExprCode ev) {
    ExprCode value = id.genCode(ctx);
    String name = ctx.addReferenceObj("column", column, String.class.getName());
    String type = ctx.addReferenceObj("type", dataType(), DataType.class.getName());
    String code =
        """
        %1$s
        boolean %2$s = %3$s;
        %9$s %4$s = %2$s ? null : (%9$s) %5$s.of(%6$s, %10$s, %7$s, %8$s);
        """
            .formatted(
                value.code(),
                ev.isNull(),
                value.isNull(),
                ev.value(),
                ValidId.class.getName(),
                value.value(),
                name,
                any,
                CodeGenerator.javaType(dataType()),
                type);
    return ev.copy(new CodeBlock(ScalaSeq.of(code), ScalaSeq.of()), ev.isNull(), ev.value());
  }

  @Override
  public DataType dataType() {
    return id.dataType();
  }

  @Override
  public Object[] arguments() {
    return new Object[] {id, column, any};
  }

  @Override
  public String prettyName() {
    return "valid_id";
  }
}
