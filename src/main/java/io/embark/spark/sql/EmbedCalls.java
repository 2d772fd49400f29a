package io.embark.spark.sql;

import io.embark.spark.catalyst.ScalaSeq;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.catalyst.expressions.And;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.AttributeSet;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.optimizer.PushPredicateThroughJoin$;
import org.apache.spark.sql.catalyst.plans.logical.Command;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;

/** Finds and replaces calls of {@code embed_text} in expressions and plans. */
final class EmbedCalls {
  private EmbedCalls() {}

  static boolean in(Expression expression) {
    return expression.exists(EmbedText.class::isInstance);
  }

  static boolean in(List<? extends Expression> expressions) {
    return expressions.stream().anyMatch(EmbedCalls::in);
  }

  /** Whether a call stands in the expressions of this very node and has yet to be moved out. */
  static boolean in(LogicalPlan node) {
    // Conditions of a statement that changes rows are there for its table to plan with; its query
    // has them too, and computes them.
    return !(node instanceof EmbedTextPlan || node instanceof Command)
        && in(ScalaSeq.toJava(node.expressions()));
  }

  /** Whether a call is left anywhere in the plan. */
  static boolean leftIn(LogicalPlan plan) {
    return plan.exists(EmbedCalls::in);
  }

  /**
   * The calls without another call in their text, each once.
   *
   * @param available calls that need other columns belong to a plan further out and are left out
   */
  static List<EmbedText> innermost(List<Expression> expressions, AttributeSet available) {
    List<EmbedText> calls = new ArrayList<>();
    expressions.forEach(expression -> collect(expression, available, calls));
    return calls;
  }

  private static void collect(
      Expression expression, AttributeSet available, List<EmbedText> calls) {
    if (expression instanceof EmbedText call && !in(call.text)) {
      if (call.references().subsetOf(available) && calls.stream().noneMatch(call::sameAs)) {
        calls.add(call);
      }
      return;
    }
    ScalaSeq.toJava(expression.children()).forEach(child -> collect(child, available, calls));
  }

  /** The expression with each call replaced by its column. */
  static Expression replace(Expression expression, List<EmbedText> calls, List<Attribute> columns) {
    if (expression instanceof EmbedText found) {
      for (int i = 0; i < calls.size(); i++) {
        if (calls.get(i).sameAs(found)) {
          return columns.get(i);
        }
      }
    }
    return expression.mapChildren(child -> replace(child, calls, columns));
  }

  /** The parts of a condition that all must hold. */
  static List<Expression> conjuncts(Expression condition) {
    return ScalaSeq.toJava(PushPredicateThroughJoin$.MODULE$.splitConjunctivePredicates(condition));
  }

  /** One condition of several; null of none. */
  static Expression all(List<Expression> conjuncts) {
    return conjuncts.stream().reduce(And::new).orElse(null);
  }
}
