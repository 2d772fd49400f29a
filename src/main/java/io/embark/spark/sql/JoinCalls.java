package io.embark.spark.sql;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.catalyst.expressions.AttributeSet;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.SubqueryExpression$;
import org.apache.spark.sql.catalyst.plans.InnerLike;
import org.apache.spark.sql.catalyst.plans.logical.Filter;
import org.apache.spark.sql.catalyst.plans.logical.Join;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import scala.Option;

/**
 * Puts conditions on joins where their calls are computed once per row of a side rather than once
 * per pair, if the texts allow.
 */
final class JoinCalls {
  private JoinCalls() {}

  /** Parts of the join's condition that embed text of both sides become a filter over the join. */
  static LogicalPlan pullUp(Join join) {
    if (join.condition().isEmpty()) {
      return join;
    }
    List<Expression> above = new ArrayList<>();
    List<Expression> stay = new ArrayList<>();
    for (Expression part : EmbedCalls.conjuncts(join.condition().get())) {
      (callsNeedOneSide(part, join) ? stay : above).add(part);
    }
    if (above.isEmpty()) {
      return join;
    }
    if (!(join.joinType() instanceof InnerLike)) {
      throw refuseTwoSides(EmbedCalls.innermost(above, join.inputSet()).get(0));
    }
    return new Filter(EmbedCalls.all(above), withCondition(join, stay));
  }

  /**
   * Parts of a filter over an inner join that compare vectors of its two sides become the join's
   * condition, as Spark does with other expressions.
   */
  static LogicalPlan pushDown(Filter filter) {
    if (!(filter.child() instanceof Join join) || !(join.joinType() instanceof InnerLike)) {
      return filter;
    }
    List<Expression> above = new ArrayList<>();
    List<Expression> pushed = new ArrayList<>();
    for (Expression part : EmbedCalls.conjuncts(filter.condition())) {
      boolean push =
          part.deterministic()
              && EmbedCalls.in(part)
              && callsNeedOneSide(part, join)
              // Spark makes joins of subqueries in filters; in a join's condition it takes them for
              // values.
              && !SubqueryExpression$.MODULE$.hasSubquery(part);
      (push ? pushed : above).add(part);
    }
    if (pushed.isEmpty()) {
      return filter;
    }
    if (join.condition().isDefined()) {
      pushed.addAll(0, EmbedCalls.conjuncts(join.condition().get()));
    }
    LogicalPlan joined = withCondition(join, pushed);
    return above.isEmpty() ? joined : new Filter(EmbedCalls.all(above), joined);
  }

  private static Join withCondition(Join join, List<Expression> parts) {
    return new Join(
        join.left(),
        join.right(),
        join.joinType(),
        Option.apply(EmbedCalls.all(parts)),
        join.hint());
  }

  private static boolean callsNeedOneSide(Expression condition, Join join) {
    AttributeSet left = join.left().outputSet();
    AttributeSet right = join.right().outputSet();
    return EmbedCalls.innermost(List.of(condition), join.inputSet()).stream()
        .allMatch(call -> call.references().subsetOf(left) || call.references().subsetOf(right));
  }

  static RuntimeException refuseTwoSides(EmbedText call) {
    return SqlRefusal.refuse(
        ("%s is part of a join's condition and reads columns of both sides, so it would have to be"
                + " computed for every pair of rows. Embed each side by itself, or join first and"
                + " embed in a query over the result.")
            .formatted(call.sql()));
  }
}
