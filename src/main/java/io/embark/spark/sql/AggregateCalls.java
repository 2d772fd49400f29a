package io.embark.spark.sql;

import io.embark.spark.catalyst.ScalaSeq;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.expressions.aggregate.AggregateExpression;
import org.apache.spark.sql.catalyst.optimizer.PullOutGroupingExpressions$;
import org.apache.spark.sql.catalyst.planning.PhysicalAggregation$;
import org.apache.spark.sql.catalyst.plans.logical.Aggregate;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import org.apache.spark.sql.types.Metadata;
import scala.Option;
import scala.Tuple4;
import scala.collection.Seq;

/**
 * Takes an aggregation apart so that its calls read rows: calls in grouping keys go below it, calls
 * on its results above it. Those inside aggregate functions stay.
 */
final class AggregateCalls {
  private AggregateCalls() {}

  /** The parts, or the same node if all its calls are inside aggregate functions. */
  static LogicalPlan split(Aggregate aggregate) {
    if (EmbedCalls.in(ScalaSeq.toJava(aggregate.groupingExpressions()))) {
      return PullOutGroupingExpressions$.MODULE$.apply(aggregate);
    }
    boolean onResults =
        ScalaSeq.toJava(aggregate.aggregateExpressions()).stream()
            .anyMatch(result -> callsOnResults((Expression) result));
    return onResults ? resultsAbove(aggregate) : aggregate;
  }

  private static boolean callsOnResults(Expression expression) {
    if (expression instanceof AggregateExpression) {
      return false;
    }
    return expression instanceof EmbedText
        || ScalaSeq.toJava(expression.children()).stream().anyMatch(AggregateCalls::callsOnResults);
  }

  /** Divides the node as Spark does to execute it: keys and functions, and what is made of them. */
  private static LogicalPlan resultsAbove(Aggregate aggregate) {
    Tuple4<Seq<NamedExpression>, Seq<AggregateExpression>, Seq<NamedExpression>, LogicalPlan>
        parts = PhysicalAggregation$.MODULE$.unapply(aggregate).get();
    List<NamedExpression> inner = new ArrayList<>(ScalaSeq.toJava(parts._1()));
    for (AggregateExpression function : ScalaSeq.toJava(parts._2())) {
      inner.add(
          new Alias(
              function,
              "result" + inner.size(),
              function.resultId(),
              ScalaSeq.of(),
              Option.<Metadata>empty(),
              ScalaSeq.of()));
    }
    Aggregate plain =
        new Aggregate(aggregate.groupingExpressions(), ScalaSeq.of(inner), aggregate.child());
    return new Project(parts._3(), plain);
  }
}
