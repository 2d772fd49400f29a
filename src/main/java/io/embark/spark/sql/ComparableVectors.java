package io.embark.spark.sql;

import io.embark.embed.VectorProvenance;
import io.embark.spark.catalyst.ScalaSeq;
import io.embark.spark.column.ColumnProvenance;
import java.util.Optional;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.Cast;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.OuterReference;
import org.apache.spark.sql.catalyst.expressions.ScalarSubquery;
import org.apache.spark.sql.catalyst.expressions.SubqueryExpression;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.types.Metadata;
import scala.runtime.AbstractFunction1;
import scala.runtime.BoxedUnit;

/**
 * Refuses to compare columns whose metadata say that they were made differently: by another model,
 * pooling, layers, map after the model or size. Prompts may differ, as those of queries and
 * passages do on purpose; so may normalisation, which the cosine does not depend on, and the length
 * at which texts were cut. Columns that do not say how they were made are compared.
 */
public final class ComparableVectors extends AbstractFunction1<LogicalPlan, BoxedUnit> {
  @Override
  public BoxedUnit apply(LogicalPlan plan) {
    check(plan, null);
    return BoxedUnit.UNIT;
  }

  /**
   * @param outer the node around a subquery, whose columns it may refer to; null outside of one
   */
  private static void check(LogicalPlan plan, LogicalPlan outer) {
    plan.foreach(
        node -> {
          for (Expression expression : ScalaSeq.toJava(node.expressions())) {
            check(expression, node, outer);
          }
          return BoxedUnit.UNIT;
        });
  }

  private static void check(Expression expression, LogicalPlan node, LogicalPlan outer) {
    if (expression instanceof SubqueryExpression subquery) {
      check(subquery.plan(), node);
    }
    if (expression instanceof CosineSimilarity cosine) {
      UnionedVectors.check(cosine, node, outer);
    }
    if (expression instanceof CosineSimilarity cosine && !cosine.force()) {
      Optional<VectorProvenance> left = made(cosine.left(), node);
      Optional<VectorProvenance> right = made(cosine.right(), node);
      if (left.isPresent() && right.isPresent()) {
        compare(cosine, left.get(), right.get());
      }
    }
    ScalaSeq.toJava(expression.children()).forEach(child -> check(child, node, outer));
  }

  private static void compare(
      CosineSimilarity cosine, VectorProvenance left, VectorProvenance right) {
    left.incomparable(right, "left and right")
        .ifPresent(
            differences -> {
              throw SqlRefusal.refuse(
                  ("%s compares vectors that were made differently (%s\n"
                       + "Make both in the same way, or pass true as the third argument to compare"
                       + " them all the same.")
                      .formatted(cosine.sql(), differences));
            });
  }

  /** How the vectors of an expression were made, if that is known. */
  private static Optional<VectorProvenance> made(Expression vectors, LogicalPlan node) {
    if (vectors instanceof EmbedText call) {
      return ColumnProvenance.of(EmbeddingMetadata.of(call, "vector"));
    }
    if (vectors instanceof Attribute attribute) {
      return ColumnProvenance.of(metadata(attribute, node));
    }
    if (vectors instanceof ScalarSubquery subquery) {
      return ColumnProvenance.of(subquery.plan().output().head().metadata());
    }
    if (vectors instanceof Cast || vectors instanceof Alias || vectors instanceof DecodeVector) {
      return made(vectors.children().head(), node);
    }
    if (vectors instanceof OuterReference outer) {
      return ColumnProvenance.of(outer.e().metadata());
    }
    return Optional.empty();
  }

  /** As the child gives it: an attribute may have been resolved before it got its metadata. */
  private static Metadata metadata(Attribute attribute, LogicalPlan node) {
    for (LogicalPlan child : ScalaSeq.toJava(node.children())) {
      for (Attribute column : ScalaSeq.toJava(child.output())) {
        if (column.exprId().equals(attribute.exprId())) {
          return column.metadata();
        }
      }
    }
    return attribute.metadata();
  }
}
