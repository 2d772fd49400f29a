package io.embark.input;

import io.embark.input.gate.UnreadableInput;
import io.embark.spark.catalyst.FunctionExpression;
import io.embark.spark.catalyst.ScalaSeq;
import org.apache.hadoop.fs.Path;
import org.apache.spark.rdd.InputFileBlockHolder;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.codegen.CodeBlock;
import org.apache.spark.sql.catalyst.expressions.codegen.CodegenContext;
import org.apache.spark.sql.catalyst.expressions.codegen.ExprCode;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.unsafe.types.UTF8String;

/**
 * An id that stands in the file as it is; one that does not is refused with the file, for what is
 * put in the place of other bytes is the same for all of them, and two ids would be one.
 */
public final class ValidId extends FunctionExpression {
  private static final long serialVersionUID = 1;

  private static final UTF8String REPLACEMENT = UTF8String.fromString("\ufffd");

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
  public static UTF8String of(UTF8String id, String column, boolean any) {
    // The same object if nothing is wrong with it.
    boolean whole = any ? ValidText.of(id) == id : !id.contains(REPLACEMENT);
    if (whole) {
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
                id),
        null);
  }

  @Override
  public Object eval(InternalRow row) {
    Object value = id.eval(row);
    return value == null ? null : of((UTF8String) value, column, any);
  }

  @Override
  public ExprCode doGenCode(CodegenContext ctx, ExprCode ev) {
    ExprCode value = id.genCode(ctx);
    String name = ctx.addReferenceObj("column", column, String.class.getName());
    String code =
        """
        %1$s
        boolean %2$s = %3$s;
        UTF8String %4$s = %2$s ? null : %5$s.of(%6$s, %7$s, %8$s);
        """
            .formatted(
                value.code(),
                ev.isNull(),
                value.isNull(),
                ev.value(),
                ValidId.class.getName(),
                value.value(),
                name,
                any);
    return ev.copy(new CodeBlock(ScalaSeq.of(code), ScalaSeq.of()), ev.isNull(), ev.value());
  }

  @Override
  public DataType dataType() {
    return DataTypes.StringType;
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
