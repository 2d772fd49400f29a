package io.embark.spark.sql;

import io.embark.spark.catalyst.ScalaSeq;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.Literal;
import org.apache.spark.sql.catalyst.expressions.SortOrder;
import org.apache.spark.sql.catalyst.optimizer.CollapseProject$;
import org.apache.spark.sql.catalyst.plans.logical.GlobalLimit;
import org.apache.spark.sql.catalyst.plans.logical.LocalLimit;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Offset;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import org.apache.spark.sql.catalyst.plans.logical.Sort;

/** Pushes limits below embedding. */
final class LimitsFirst {
  private LimitsFirst() {}

  /**
   * {@code SELECT embed_text(a) ... ORDER BY b LIMIT n}: first the n rows, then their vectors. Only
   * with a limit: sorting before embedding would leave the embedding with the partitions of the
   * sort, often fewer.
   */
  static LogicalPlan sortBeforeEmbedding(LogicalPlan plan) {
    LogicalPlan node = plan.mapChildren(LimitsFirst::sortBeforeEmbedding);
    if (!(node instanceof GlobalLimit global)) {
      return node;
    }
    // LIMIT n OFFSET m skips rows between its two halves.
    Offset offset = global.child() instanceof Offset skipped ? skipped : null;
    if (!((offset == null ? global : offset).child() instanceof LocalLimit local)) {
      return node;
    }
    List<Project> above = new ArrayList<>();
    LogicalPlan below = local.child();
    while (below instanceof Project project && project.deterministic()) {
      above.add(project);
      below = project.child();
    }
    if (!(below instanceof Sort sort)) {
      return node;
    }
    Sort first = sort;
    if (sort.child() instanceof Project project
        && project.deterministic()
        && EmbedCalls.in(project)) {
      List<SortOrder> orders = new ArrayList<>();
      for (SortOrder order : ScalaSeq.toJava(sort.order())) {
        CollapseProject$ aliases = CollapseProject$.MODULE$;
        SortOrder ofInput = (SortOrder) aliases.replaceAlias(order, aliases.getAliasMap(project));
        if (EmbedCalls.in(ofInput)) {
          return node;
        }
        orders.add(ofInput);
      }
      first = new Sort(ScalaSeq.of(orders), sort.global(), project.child());
      above.add(project);
    }
    if (above.stream().noneMatch(EmbedCalls::in)) {
      return node;
    }
    LogicalPlan limited = new LocalLimit(local.limitExpr(), first);
    LogicalPlan result =
        new GlobalLimit(
            global.limitExpr(),
            offset == null ? limited : new Offset(offset.offsetExpr(), limited));
    for (int i = above.size() - 1; i >= 0; i--) {
      result = new Project(above.get(i).projectList(), result);
    }
    return result;
  }

  /**
   * A limit over an {@link EmbedTextPlan} holds below it just as well: rows go through one by one.
   */
  static LogicalPlan limitBeforeEmbedding(LogicalPlan plan) {
    LogicalPlan node = plan;
    if (node instanceof LocalLimit limit) {
      LogicalPlan child = limited(limit.child(), limit.limitExpr());
      node = child == null ? limit : new LocalLimit(limit.limitExpr(), child);
    }
    return node.mapChildren(LimitsFirst::limitBeforeEmbedding);
  }

  /** The plan limited below its embeddings; null if there are none to go below. */
  private static LogicalPlan limited(LogicalPlan plan, Expression limit) {
    if (plan instanceof Project project && project.deterministic()) {
      LogicalPlan child = limited(project.child(), limit);
      return child == null ? null : new Project(project.projectList(), child);
    }
    if (plan instanceof EmbedTextPlan embed) {
      LogicalPlan child = limited(embed.child(), limit);
      return embed.withNewChildren(
          ScalaSeq.of(child == null ? capped(embed.child(), limit) : child));
    }
    return null;
  }

  private static LogicalPlan capped(LogicalPlan child, Expression limit) {
    boolean within =
        limit instanceof Literal literal
            && literal.value() instanceof Integer most
            && child.maxRowsPerPartition().isDefined()
            && (Long) child.maxRowsPerPartition().get() <= most;
    return within ? child : new LocalLimit(limit, child);
  }
}
