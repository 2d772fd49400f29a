package io.embark.spark.sql;

import io.embark.spark.catalyst.FunctionExpression;
import io.embark.spark.catalyst.ScalaSeq;
import io.embark.spark.column.ColumnProvenance;
import io.embark.spark.column.OutputType;
import java.util.Optional;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.CaseWhen;
import org.apache.spark.sql.catalyst.expressions.Cast;
import org.apache.spark.sql.catalyst.expressions.Coalesce;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.If;
import org.apache.spark.sql.catalyst.expressions.RuntimeReplaceable;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.catalyst.expressions.codegen.CodegenContext;
import org.apache.spark.sql.catalyst.expressions.codegen.CodegenFallback;
import org.apache.spark.sql.catalyst.expressions.codegen.ExprCode;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.rules.Rule;
import org.apache.spark.sql.types.DataType;
import scala.Option;
import scala.PartialFunction$;

/**
 * The floats of a vector stored smaller, as half precision, bytes or bits. How they are stored
 * stands in the metadata of their column.
 */
public final class DecodeVector extends FunctionExpression implements CodegenFallback {
  private static final long serialVersionUID = 1;

  private final Expression stored;
  private final OutputType.Stored as;

  public DecodeVector(Expression stored, OutputType.Stored as) {
    this.stored = stored;
    this.as = as;
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
  public Object eval(InternalRow row) {
    Object value = stored.eval(row);
    return value == null ? null : UnsafeArrayData.fromPrimitiveArray(as.decode(value));
  }

  @Override
  public ExprCode doGenCode(CodegenContext ctx, ExprCode ev) {
    return CodegenFallback.super.doGenCode(ctx, ev);
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
  public Object[] arguments() {
    return new Object[] {stored, as};
  }

  /**
   * Lets {@code cosine_similarity} read columns that store vectors as half precision, bytes or
   * bits, whose types alone do not say what they hold.
   */
  public static final class Insertion extends Rule<LogicalPlan> {
    @Override
    public LogicalPlan apply(LogicalPlan plan) {
      return plan.resolveExpressions(PartialFunction$.MODULE$.unlifted(Insertion::decoded));
    }

    private static Option<Expression> decoded(Expression expression) {
      return expression instanceof CosineSimilarity
          ? Option.apply(
              expression.mapChildren(
                  side ->
                      stored(side)
                          .<Expression>map(as -> new DecodeVector(side, as))
                          .orElseGet(() -> requireNumbers(side, side))))
          : Option.empty();
    }

    /**
     * What passes a column on, perhaps as another type, would make plausible vectors of what stands
     * for its values. Functions of the user's, which may decode it, are let be.
     */
    private static Expression requireNumbers(Expression side, Expression part) {
      stored(part)
          .ifPresent(
              as -> {
                throw SqlRefusal.refuse(
                    "cosine_similarity: %s takes what column %s stores, %s, for the numbers of its vectors. Give the column itself, or compute the cosine in each branch and choose between the cosines."
                        .formatted(side.sql(), part.sql(), as.type().label()));
              });
      if (part instanceof Cast
          || part instanceof If
          || part instanceof CaseWhen
          || part instanceof Coalesce
          || part instanceof RuntimeReplaceable) {
        ScalaSeq.toJava(part.children()).forEach(child -> requireNumbers(side, child));
      }
      return side;
    }

    /** How the vectors of a column are stored, if smaller than they are. */
    private static Optional<OutputType.Stored> stored(Expression side) {
      if (!(side instanceof Attribute column) || !column.resolved()) {
        return Optional.empty();
      }
      // The metadata may have been carried over to a column of another type.
      return ColumnProvenance.of(column.metadata())
          .flatMap(OutputType.Stored::of)
          .filter(as -> as.type().isEncoded())
          .filter(as -> DataType.equalsIgnoreNullability(as.type().dataType(), column.dataType()));
    }
  }
}
