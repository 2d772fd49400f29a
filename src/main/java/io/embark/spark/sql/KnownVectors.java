package io.embark.spark.sql;

import io.embark.spark.catalyst.ScalaSeq;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.plans.Inner$;
import org.apache.spark.sql.catalyst.plans.JoinType;
import org.apache.spark.sql.catalyst.plans.LeftAnti$;
import org.apache.spark.sql.catalyst.plans.LeftOuter$;
import org.apache.spark.sql.catalyst.plans.LeftSemi$;
import org.apache.spark.sql.catalyst.plans.RightOuter$;
import org.apache.spark.sql.catalyst.plans.logical.Filter;
import org.apache.spark.sql.catalyst.plans.logical.GlobalLimit;
import org.apache.spark.sql.catalyst.plans.logical.Join;
import org.apache.spark.sql.catalyst.plans.logical.LocalLimit;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import org.apache.spark.sql.catalyst.plans.logical.RepartitionOperation;
import org.apache.spark.sql.catalyst.plans.logical.Sort;
import org.apache.spark.sql.catalyst.plans.logical.Window;

/** Finds the vector of a call that is computed further below, and hands it up. */
final class KnownVectors {
  private KnownVectors() {}

  /**
   * The plan with the vector of {@code call} among its columns, or null if nothing below computes
   * it. The call's text must be made of columns of {@code plan}; those come up unchanged, so what
   * was computed of them below is right here too.
   */
  static LogicalPlan expose(LogicalPlan plan, EmbedText call) {
    if (!call.deterministic() || !call.references().subsetOf(plan.outputSet())) {
      return null;
    }
    if (plan instanceof EmbedTextPlan embed && embed.resultOf(call).isPresent()) {
      return plan;
    }
    if (plan instanceof Project project) {
      LogicalPlan child = expose(project.child(), call);
      return child == null ? null : withColumn(project, child, column(child, call));
    }
    if (plan instanceof Join join) {
      return exposeSide(join, call);
    }
    if (handsUpItsRows(plan)) {
      LogicalPlan child = expose(plan.children().head(), call);
      return child == null ? null : plan.withNewChildren(ScalaSeq.of(child));
    }
    return null;
  }

  /** The column of a call in a plan that {@link #expose} gave. */
  static Attribute column(LogicalPlan plan, EmbedText call) {
    return computed(plan, call)
        .orElseThrow(() -> new IllegalStateException("no column of " + call + " in " + plan));
  }

  private static Optional<Attribute> computed(LogicalPlan plan, EmbedText call) {
    if (plan instanceof EmbedTextPlan embed && embed.resultOf(call).isPresent()) {
      return embed.resultOf(call);
    }
    return ScalaSeq.toJava(plan.children()).stream()
        .flatMap(child -> computed(child, call).stream())
        .filter(column -> plan.outputSet().contains(column))
        .findFirst();
  }

  private static LogicalPlan withColumn(Project project, LogicalPlan child, Attribute column) {
    List<NamedExpression> columns = new ArrayList<>(ScalaSeq.toJava(project.projectList()));
    if (!project.outputSet().contains(column)) {
      columns.add(column);
    }
    return new Project(ScalaSeq.of(columns), child);
  }

  private static boolean handsUpItsRows(LogicalPlan plan) {
    return plan instanceof EmbedTextPlan
        || plan instanceof Filter
        || plan instanceof Sort
        || plan instanceof LocalLimit
        || plan instanceof GlobalLimit
        || plan instanceof Window
        || plan instanceof RepartitionOperation;
  }

  /** A side is looked into only if its rows are never filled up with nulls. */
  private static LogicalPlan exposeSide(Join join, EmbedText call) {
    JoinType type = join.joinType();
    boolean leftWhole =
        Set.of(Inner$.MODULE$, LeftOuter$.MODULE$, LeftSemi$.MODULE$, LeftAnti$.MODULE$)
            .contains(type);
    LogicalPlan left = leftWhole ? expose(join.left(), call) : null;
    if (left != null) {
      return join.withNewChildren(ScalaSeq.of(left, join.right()));
    }
    boolean rightWhole = type == Inner$.MODULE$ || type == RightOuter$.MODULE$;
    LogicalPlan right = rightWhole ? expose(join.right(), call) : null;
    return right == null ? null : join.withNewChildren(ScalaSeq.of(join.left(), right));
  }
}
