package io.embark.spark.sql;

import io.embark.spark.catalyst.ScalaSeq;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.expressions.aggregate.AggregateExpression;
import org.apache.spark.sql.catalyst.optimizer.CollapseProject$;
import org.apache.spark.sql.catalyst.optimizer.ColumnPruning$;
import org.apache.spark.sql.catalyst.optimizer.PullOutGroupingExpressions$;
import org.apache.spark.sql.catalyst.planning.PhysicalAggregation$;
import org.apache.spark.sql.catalyst.plans.logical.Aggregate;
import org.apache.spark.sql.catalyst.plans.logical.Filter;
import org.apache.spark.sql.catalyst.plans.logical.Join;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import org.apache.spark.sql.catalyst.plans.logical.Subquery;
import org.apache.spark.sql.catalyst.rules.Rule;
import org.apache.spark.sql.types.Metadata;
import scala.Option;
import scala.Tuple4;
import scala.collection.Seq;

/**
 * Moves the calls of {@code embed_text} out of the expressions of each node into one {@link
 * EmbedTextPlan} right below it. What does not need the vectors (filters, limits) goes further
 * below, and a vector computed below already is handed up instead of computed again.
 *
 * <p>Runs after Spark's own rules have pushed filters down and folded projections, so that calls
 * stand where they are to be computed.
 */
public final class ExtractEmbedText extends Rule<LogicalPlan> {

  @Override
  public LogicalPlan apply(LogicalPlan plan) {
    if (plan instanceof Subquery subquery && subquery.correlated()) {
      // It becomes a join of the query around it; its calls are extracted with that.
      return plan;
    }
    return EmbedCalls.leftIn(plan) ? extractFrom(plan) : plan;
  }

  /** Extracts every call, the last chance before the plan is executed. */
  LogicalPlan allOf(LogicalPlan plan) {
    LogicalPlan extracted = extractFrom(plan);
    Option<LogicalPlan> left = extracted.find(EmbedCalls::in);
    if (left.isDefined()) {
      throw SqlRefusal.refuse(
          "embed_text cannot be computed here: %s. Compute it in a subquery first."
              .formatted(left.get().simpleString(100)));
    }
    return extracted;
  }

  private LogicalPlan extractFrom(LogicalPlan plan) {
    LogicalPlan extracted = extract(LimitsFirst.sortBeforeEmbedding(plan));
    // Projections that came between are merged, and columns that nobody reads any more dropped.
    return LimitsFirst.limitBeforeEmbedding(
        CollapseProject$.MODULE$.apply(ColumnPruning$.MODULE$.apply(extracted)));
  }

  private LogicalPlan extract(LogicalPlan plan) {
    LogicalPlan node = plan.mapChildren(this::extract);
    if (!EmbedCalls.in(node)) {
      return node;
    }
    if (node instanceof Aggregate aggregate) {
      LogicalPlan split = split(aggregate);
      // The new nodes hold the calls where they can be computed from one row.
      return split == node ? embedBelow(node) : extract(split);
    }
    if (node instanceof Join join) {
      LogicalPlan parted = JoinCalls.pullUp(join);
      return parted == node ? embedBelow(node) : extract(parted);
    }
    if (node instanceof Filter filter) {
      LogicalPlan pushed = JoinCalls.pushDown(filter);
      return pushed == node ? embedBelow(cheapFirst(filter)) : extract(pushed);
    }
    return embedBelow(node);
  }

  /**
   * An aggregation taken apart so that its calls read rows: calls in grouping keys go below it,
   * calls on its results above it. The same node if all its calls are inside aggregate functions.
   */
  private static LogicalPlan split(Aggregate aggregate) {
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
        || ScalaSeq.toJava(expression.children()).stream()
            .anyMatch(ExtractEmbedText::callsOnResults);
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

  /** Conditions that need no vector are checked before anything is embedded. */
  private static Filter cheapFirst(Filter filter) {
    List<Expression> cheap = new ArrayList<>();
    List<Expression> rest = new ArrayList<>();
    for (Expression part : EmbedCalls.conjuncts(filter.condition())) {
      (part.deterministic() && !EmbedCalls.in(part) ? cheap : rest).add(part);
    }
    return cheap.isEmpty()
        ? filter
        : new Filter(EmbedCalls.all(rest), new Filter(EmbedCalls.all(cheap), filter.child()));
  }

  /** The node reading its vectors from columns of its children. */
  private static LogicalPlan embedBelow(LogicalPlan node) {
    List<EmbedText> calls =
        EmbedCalls.innermost(ScalaSeq.toJava(node.expressions()), node.inputSet());
    if (calls.isEmpty()) {
      return node;
    }
    List<EmbedText> done = new ArrayList<>();
    List<Attribute> columns = new ArrayList<>();
    List<LogicalPlan> children = new ArrayList<>();
    for (LogicalPlan child : ScalaSeq.toJava(node.children())) {
      List<EmbedText> own =
          calls.stream()
              .filter(call -> call.references().subsetOf(child.outputSet()))
              .filter(call -> done.stream().noneMatch(call::sameAs))
              .toList();
      LogicalPlan below = withVectors(child, own);
      for (EmbedText call : own) {
        done.add(call);
        columns.add(KnownVectors.column(below, call));
      }
      children.add(below);
    }
    if (done.size() < calls.size()) {
      throw JoinCalls.refuseTwoSides(
          calls.stream().filter(call -> done.stream().noneMatch(call::sameAs)).findFirst().get());
    }
    LogicalPlan rewritten =
        node.withNewChildren(ScalaSeq.of(children))
            .mapExpressions(expression -> EmbedCalls.replace(expression, done, columns));
    // Calls around calls are left for the next round.
    LogicalPlan result = EmbedCalls.in(rewritten) ? embedBelow(rewritten) : rewritten;
    return result.output().equals(node.output())
        ? result
        : new Project(ScalaSeq.of(ScalaSeq.toJava(node.output())), result);
  }

  /** The plan with a column for each call, handed up where one is computed below already. */
  private static LogicalPlan withVectors(LogicalPlan plan, List<EmbedText> calls) {
    LogicalPlan handingUp = plan;
    List<EmbedText> missing = new ArrayList<>();
    for (EmbedText call : calls) {
      LogicalPlan exposed = KnownVectors.expose(handingUp, call);
      if (exposed == null) {
        missing.add(call);
      } else {
        handingUp = exposed;
      }
    }
    return missing.isEmpty() ? handingUp : EmbedTextPlan.of(missing, handingUp);
  }
}
