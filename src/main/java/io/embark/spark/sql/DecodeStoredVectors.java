package io.embark.spark.sql;

import io.embark.spark.catalyst.ScalaSeq;
import io.embark.spark.column.ColumnProvenance;
import io.embark.spark.column.OutputType;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.rules.Rule;
import org.apache.spark.sql.types.DataType;
import scala.runtime.AbstractPartialFunction;

/**
 * Lets {@code cosine_similarity} read columns that store vectors as half precision, bytes or bits,
 * whose types alone do not say what they hold.
 */
public final class DecodeStoredVectors extends Rule<LogicalPlan> {

  @Override
  public LogicalPlan apply(LogicalPlan plan) {
    return plan.resolveExpressions(
        new AbstractPartialFunction<Expression, Expression>() {
          @Override
          public boolean isDefinedAt(Expression expression) {
            return expression instanceof CosineSimilarity cosine
                && (stored(cosine.left()) != null || stored(cosine.right()) != null);
          }

          @Override
          public Expression apply(Expression expression) {
            List<Expression> sides = new ArrayList<>();
            for (Expression side : ScalaSeq.toJava(expression.children())) {
              OutputType.Stored as = stored(side);
              sides.add(as == null ? side : new DecodeVector(side, as));
            }
            return expression.withNewChildren(ScalaSeq.of(sides));
          }
        });
  }

  /** How the vectors of a column are stored, if smaller than they are. */
  private static OutputType.Stored stored(Expression side) {
    if (!(side instanceof Attribute column) || !column.resolved()) {
      return null;
    }
    return ColumnProvenance.of(column.metadata())
        .flatMap(OutputType.Stored::of)
        .filter(as -> as.type().isEncoded() && holds(as.type(), column.dataType()))
        .orElse(null);
  }

  /** The metadata may have been carried over to a column of another type. */
  private static boolean holds(OutputType type, DataType found) {
    return DataType.equalsIgnoreNullability(type.dataType(), found);
  }
}
