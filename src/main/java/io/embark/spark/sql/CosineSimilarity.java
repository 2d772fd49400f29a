package io.embark.spark.sql;

import io.embark.UserError;
import io.embark.spark.catalyst.FunctionExpression;
import io.embark.spark.catalyst.ScalaSeq;
import java.io.Serializable;
import java.util.List;
import org.apache.spark.ml.linalg.DenseVector;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.analysis.TypeCheckResult;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.codegen.CodeBlock;
import org.apache.spark.sql.catalyst.expressions.codegen.CodegenContext;
import org.apache.spark.sql.catalyst.expressions.codegen.ExprCode;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.NullType;

/**
 * {@code cosine_similarity(a, b [, force])} of any two vector types. Null if either side is null or
 * all zeros. {@link ComparableVectors} checks that the two sides may be compared.
 */
public final class CosineSimilarity extends FunctionExpression {
  private static final long serialVersionUID = 1;

  final Expression left;
  final Expression right;

  /** Whether vectors that were made differently are compared all the same. */
  final boolean force;

  private transient Kinds kinds;

  public CosineSimilarity(Expression left, Expression right, boolean force) {
    this.left = left;
    this.right = right;
    this.force = force;
  }

  /** The types of the two sides, and the computation. Public for Spark's generated code. */
  public record Kinds(VectorKind left, VectorKind right) implements Serializable {

    /**
     * The cosine of the angle, -1 to 1; null if a vector has no direction, being all zeros.
     *
     * @throws UserError if the vectors differ in length or hold a null
     */
    public Double similarity(Object leftValue, Object rightValue) {
      Vector a = left.read(leftValue);
      Vector b = right.read(rightValue);
      if (a.size() != b.size()) {
        throw new UserError(
            ("cosine_similarity: the vectors have %d and %d values; wanted as many on both sides."
                    + " Were they made by the same model?")
                .formatted(a.size(), b.size()));
      }
      double lengths = Vectors.norm(a, 2) * Vectors.norm(b, 2);
      if (lengths == 0) {
        return null;
      }
      // Rounding must not take equal vectors past 1, where acos would be NaN.
      return Math.max(-1, Math.min(1, dot(a, b) / lengths));
    }

    /** Spark's product of dense vectors adds in another order where a host has a native BLAS. */
    private static double dot(Vector a, Vector b) {
      if (!(a instanceof DenseVector && b instanceof DenseVector)) {
        return a.dot(b);
      }
      double[] x = a.toArray();
      double[] y = b.toArray();
      double sum = 0;
      for (int i = 0; i < x.length; i++) {
        sum += x[i] * y[i];
      }
      return sum;
    }
  }

  @Override
  public TypeCheckResult checkInputDataTypes() {
    for (Expression side : List.of(left, right)) {
      DataType type = side.dataType();
      if (!(type instanceof NullType) && VectorKind.of(type).isEmpty()) {
        return new TypeCheckResult.TypeCheckFailure(
            ("cosine_similarity compares vectors (%s, or a column of another type whose metadata"
                    + " say that Embark wrote it), found %s; cast other numbers to array<double>")
                .formatted(VectorKind.NAMES, type.catalogString()));
      }
    }
    return TypeCheckResult.TypeCheckSuccess$.MODULE$;
  }

  @Override
  public DataType dataType() {
    return DataTypes.DoubleType;
  }

  private Kinds kinds() {
    if (kinds == null) {
      // A side that is always null is never read.
      kinds =
          new Kinds(
              VectorKind.of(left.dataType()).orElse(VectorKind.DOUBLES),
              VectorKind.of(right.dataType()).orElse(VectorKind.DOUBLES));
    }
    return kinds;
  }

  @Override
  public Object eval(InternalRow row) {
    Object leftValue = left.eval(row);
    Object rightValue = leftValue == null ? null : right.eval(row);
    return rightValue == null ? null : kinds().similarity(leftValue, rightValue);
  }

  @Override
  public ExprCode doGenCode(CodegenContext ctx, ExprCode ev) {
    ExprCode a = left.genCode(ctx);
    ExprCode b = right.genCode(ctx);
    // Not this expression itself: a subquery below it would travel with every task.
    String vectors = ctx.addReferenceObj("vectors", kinds(), Kinds.class.getCanonicalName());
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
    return ev.copy(new CodeBlock(ScalaSeq.of(code), ScalaSeq.of()), ev.isNull(), ev.value());
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
  public Object[] arguments() {
    return new Object[] {left, right, force};
  }
}
