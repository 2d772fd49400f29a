package io.embark.spark.sql;

import io.embark.spark.catalyst.ScalaSeq;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.expressions.aggregate.AggregateExpression;
import org.apache.spark.sql.catalyst.plans.logical.Aggregate;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import org.apache.spark.sql.types.Metadata;
import scala.Option;

/**
 * Takes an aggregation apart so that its calls read rows: calls in grouping keys go below it, calls
 * on its results above it. Those inside aggregate functions stay.
 */
final class AggregateCalls {
  private AggregateCalls() {}

  /** The parts, or the same node if all its calls are inside aggregate functions. */
  static LogicalPlan split(Aggregate aggregate) {
    if (EmbedCalls.in(ScalaSeq.toJava(aggregate.groupingExpressions()))) {
      return keysBelow(aggregate);
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

  private static LogicalPlan keysBelow(Aggregate aggregate) {
    List<Expression> keys = ScalaSeq.toJava(aggregate.groupingExpressions());
    List<NamedExpression> below = new ArrayList<>(ScalaSeq.toJava(aggregate.child().output()));
    List<Expression> found = new ArrayList<>();
    List<Attribute> columns = new ArrayList<>();
    for (Expression key : keys) {
      if (EmbedCalls.in(key)) {
        Alias alias = alias(key, "key" + found.size());
        below.add(alias);
        found.add(key);
        columns.add(alias.toAttribute());
      }
    }
    List<Expression> newKeys = new ArrayList<>();
    keys.forEach(key -> newKeys.add(substitute(key, found, columns)));
    List<NamedExpression> results = new ArrayList<>();
    for (NamedExpression result : ScalaSeq.toJava(aggregate.aggregateExpressions())) {
      results.add(named(substitute((Expression) result, found, columns), result));
    }
    return new Aggregate(
        ScalaSeq.of(newKeys),
        ScalaSeq.of(results),
        new Project(ScalaSeq.of(below), aggregate.child()));
  }

  private static LogicalPlan resultsAbove(Aggregate aggregate) {
    List<Expression> keys = ScalaSeq.toJava(aggregate.groupingExpressions());
    List<NamedExpression> inner = new ArrayList<>();
    List<NamedExpression> outer = new ArrayList<>();
    List<Expression> found = new ArrayList<>();
    List<Attribute> columns = new ArrayList<>();
    for (NamedExpression result : ScalaSeq.toJava(aggregate.aggregateExpressions())) {
      if (!callsOnResults((Expression) result)) {
        inner.add(result);
        outer.add(result.toAttribute());
        continue;
      }
      collectResults((Expression) result, keys, found);
      for (int i = columns.size(); i < found.size(); i++) {
        NamedExpression column =
            found.get(i) instanceof Attribute same ? same : alias(found.get(i), "result" + i);
        inner.add(column);
        columns.add(column.toAttribute());
      }
      outer.add((NamedExpression) substitute((Expression) result, found, columns));
    }
    Aggregate plain =
        new Aggregate(aggregate.groupingExpressions(), ScalaSeq.of(inner), aggregate.child());
    return new Project(ScalaSeq.of(outer), plain);
  }

  /** What of an expression the aggregation itself gives: keys and aggregate functions. */
  private static void collectResults(
      Expression expression, List<Expression> keys, List<Expression> found) {
    if (expression instanceof AggregateExpression
        || keys.stream().anyMatch(key -> key.semanticEquals(expression))) {
      if (found.stream().noneMatch(expression::semanticEquals)) {
        found.add(expression);
      }
      return;
    }
    ScalaSeq.toJava(expression.children()).forEach(child -> collectResults(child, keys, found));
  }

  private static Expression substitute(
      Expression expression, List<Expression> found, List<Attribute> columns) {
    return EmbedCalls.replace(
        expression,
        e -> {
          for (int i = 0; i < found.size(); i++) {
            if (found.get(i).semanticEquals(e)) {
              return columns.get(i);
            }
          }
          return null;
        });
  }

  private static Alias alias(Expression expression, String name) {
    return new Alias(
        expression,
        name,
        NamedExpression.newExprId(),
        ScalaSeq.of(List.of()),
        Option.<Metadata>empty(),
        ScalaSeq.of(List.of()));
  }

  /** A result replaced as a whole by a column keeps its name and identity. */
  private static NamedExpression named(Expression expression, NamedExpression like) {
    return expression instanceof NamedExpression same
        ? same
        : new Alias(
            expression,
            like.name(),
            like.exprId(),
            like.qualifier(),
            Option.apply(like.metadata()),
            ScalaSeq.of(List.of()));
  }
}
