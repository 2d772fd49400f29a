package io.embark.spark.sql;

import io.embark.spark.catalyst.ScalaSeq;
import io.embark.spark.column.OutputType;
import java.io.Serializable;
import java.util.List;
import java.util.Objects;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.catalyst.expressions.codegen.CodegenContext;
import org.apache.spark.sql.catalyst.expressions.codegen.CodegenFallback;
import org.apache.spark.sql.catalyst.expressions.codegen.ExprCode;
import org.apache.spark.sql.types.DataType;
import scala.collection.IndexedSeq;
import scala.collection.Seq;

/**
 * The floats of a vector stored smaller, as half precision, bytes or bits. How they are stored
 * stands in the metadata of their column.
 */
public final class DecodeVector extends Expression implements CodegenFallback, Serializable {
  private static final long serialVersionUID = 1;

  private final Expression stored;
  private final OutputType.Stored as;

  /**
   * @param as how the vectors are stored
   */
  public DecodeVector(Expression stored, OutputType.Stored as) {
    this.stored = stored;
    this.as = as;
  }

  @Override
  public Seq<Expression> children() {
    return ScalaSeq.of(List.of(stored));
  }

  @Override
  public DataType dataType() {
    return EmbedText.TYPE;
  }

  @Override
  public boolean nullable() {
    return stored.nullable();
  }

  @Override
  public boolean foldable() {
    return stored.foldable();
  }

  @Override
  public Object eval(InternalRow row) {
    Object value = stored.eval(row);
    return value == null ? null : UnsafeArrayData.fromPrimitiveArray(as.decode(value));
  }

  @Override
  public ExprCode doGenCode(CodegenContext ctx, ExprCode ev) {
    return CodegenFallback.super.doGenCode(ctx, ev);
  }

  @Override
  public DecodeVector withNewChildrenInternal(IndexedSeq<Expression> children) {
    return new DecodeVector(children.apply(0), as);
  }

  /** As the user wrote it: the decoding is ours. */
  @Override
  public String sql() {
    return stored.sql();
  }

  @Override
  public String toString() {
    return "decode_%s(%s)".formatted(as.type().label().replace('-', '_'), stored);
  }

  @Override
  public int productArity() {
    return 2;
  }

  @Override
  public Object productElement(int index) {
    return switch (index) {
      case 0 -> stored;
      case 1 -> as;
      default -> throw new IndexOutOfBoundsException(index);
    };
  }

  @Override
  public boolean canEqual(Object other) {
    return other instanceof DecodeVector;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof DecodeVector that && stored.equals(that.stored) && as.equals(that.as);
  }

  @Override
  public int hashCode() {
    return Objects.hash(stored, as);
  }
}
