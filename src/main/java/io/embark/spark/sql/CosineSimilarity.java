package io.embark.spark.sql;

import io.embark.spark.catalyst.ScalaSeq;
import java.io.Serializable;
import java.util.List;
import java.util.Objects;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.analysis.TypeCheckResult;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.codegen.CodeBlock;
import org.apache.spark.sql.catalyst.expressions.codegen.CodegenContext;
import org.apache.spark.sql.catalyst.expressions.codegen.ExprCode;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.NullType;
import scala.collection.IndexedSeq;
import scala.collection.Seq;

/**
 * {@code cosine_similarity(a, b [, force])} over any two vector types. Null if either side is null
 * or all zeros. Whether the two sides may be compared at all is {@link ComparableVectors}' concern.
 */
public final class CosineSimilarity extends Expression implements Serializable {
  private static final long serialVersionUID = 1;

  private final Expression left;
  private final Expression right;
  private final boolean force;
  private transient VectorPair pair;

  /**
   * @param force whether vectors that were made differently are compared all the same
   */
  public CosineSimilarity(Expression left, Expression right, boolean force) {
    this.left = left;
    this.right = right;
    this.force = force;
  }

  @Override
  public Seq<Expression> children() {
    return ScalaSeq.of(List.of(left, right));
  }

  Expression left() {
    return left;
  }

  Expression right() {
    return right;
  }

  boolean force() {
    return force;
  }

  @Override
  public TypeCheckResult checkInputDataTypes() {
    for (Expression side : new Expression[] {left, right}) {
      DataType type = side.dataType();
      if (!(type instanceof NullType) && VectorKind.of(type).isEmpty()) {
        return new TypeCheckResult.TypeCheckFailure(
            ("cosine_similarity compares vectors (%s, or a column of another type whose metadata say"
                    + " that Embark wrote it), found %s; cast other numbers to array<double>")
                .formatted(VectorKind.NAMES, type.catalogString()));
      }
    }
    return TypeCheckResult.TypeCheckSuccess$.MODULE$;
  }

  @Override
  public DataType dataType() {
    return DataTypes.DoubleType;
  }

  @Override
  public boolean nullable() {
    return true;
  }

  private VectorPair pair() {
    if (pair == null) {
      // A side that is always null is never read.
      pair =
          new VectorPair(
              VectorKind.of(left.dataType()).orElse(VectorKind.DOUBLES),
              VectorKind.of(right.dataType()).orElse(VectorKind.DOUBLES));
    }
    return pair;
  }

  @Override
  public boolean foldable() {
    return left.foldable() && right.foldable();
  }

  @Override
  public Object eval(InternalRow row) {
    Object leftValue = left.eval(row);
    Object rightValue = leftValue == null ? null : right.eval(row);
    return rightValue == null ? null : pair().similarity(leftValue, rightValue);
  }

  @Override
  public ExprCode doGenCode(CodegenContext ctx, ExprCode ev) {
    ExprCode a = left.genCode(ctx);
    ExprCode b = right.genCode(ctx);
    String vectors = ctx.addReferenceObj("vectors", pair(), VectorPair.class.getName());
    String similarity = ctx.freshName("similarity");
    String code =
        """
        %1$s
        %2$s
        Double %3$s = %4$s || %5$s ? null : %6$s.similarity(%7$s, %8$s);
        boolean %9$s = %3$s == null;
        double %10$s = %9$s ? 0.0 : %3$s.doubleValue();
        """
            .formatted(
                a.code(),
                b.code(),
                similarity,
                a.isNull(),
                b.isNull(),
                vectors,
                a.value(),
                b.value(),
                ev.isNull(),
                ev.value());
    return ev.copy(
        new CodeBlock(ScalaSeq.of(List.of(code)), ScalaSeq.of(List.of())), ev.isNull(), ev.value());
  }

  @Override
  public CosineSimilarity withNewChildrenInternal(IndexedSeq<Expression> children) {
    return new CosineSimilarity(children.apply(0), children.apply(1), force);
  }

  @Override
  public String prettyName() {
    return "cosine_similarity";
  }

  @Override
  public String sql() {
    return "cosine_similarity(%s, %s%s)".formatted(left.sql(), right.sql(), force ? ", true" : "");
  }

  @Override
  public String toString() {
    return "cosine_similarity(%s, %s%s)".formatted(left, right, force ? ", true" : "");
  }

  @Override
  public int productArity() {
    return 3;
  }

  @Override
  public Object productElement(int index) {
    return switch (index) {
      case 0 -> left;
      case 1 -> right;
      case 2 -> force;
      default -> throw new IndexOutOfBoundsException(index);
    };
  }

  @Override
  public boolean canEqual(Object other) {
    return other instanceof CosineSimilarity;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof CosineSimilarity that
        && left.equals(that.left)
        && right.equals(that.right)
        && force == that.force;
  }

  @Override
  public int hashCode() {
    return Objects.hash(left, right, force);
  }
}
