package io.embark.spark.sql;

import io.embark.spark.catalyst.ScalaSeq;
import io.embark.spark.column.ColumnProvenance;
import io.embark.spark.column.OutputType;
import io.embark.spark.sql.UnionBranches.Branch;
import io.embark.vector.Int8Ranges;
import java.util.List;
import java.util.Objects;
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
 *
 * <p>So may the branches of a UNION not differ, as all would be taken for what the first one says.
 * That they are made differently may be forced; what they are stored as is no opinion, and decoding
 * them by the first branch would give other vectors.
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
      for (Expression side : List.of(cosine.left, cosine.right)) {
        for (List<Branch> branches : unions(UnionBranches.bare(side), node, outer)) {
          checkBranches(cosine, side, branches);
        }
      }
      if (!cosine.force) {
        checkSides(cosine, node);
      }
    }
    ScalaSeq.toJava(expression.children()).forEach(child -> check(child, node, outer));
  }

  private static void checkSides(CosineSimilarity cosine, LogicalPlan node) {
    ColumnProvenance.incomparable(
            metadata(cosine.left, node), metadata(cosine.right, node), "left and right")
        .ifPresent(
            differences -> {
              throw SqlRefusal.refuse(
                  ("%s compares vectors that were made differently (%s\n"
                          + "Make both in the same way, or pass true as the third argument to compare"
                          + " them all the same.")
                      .formatted(cosine.sql(), differences));
            });
  }

  /** The metadata that say how the vectors of an expression were made; empty if none do. */
  private static Metadata metadata(Expression vectors, LogicalPlan node) {
    if (vectors instanceof EmbedText call) {
      return call.metadata("vector");
    }
    if (vectors instanceof Attribute attribute) {
      // As the child gives it: an attribute may have been resolved before it got its metadata.
      return ScalaSeq.toJava(node.children()).stream()
          .flatMap(child -> ScalaSeq.toJava(child.output()).stream())
          .filter(column -> column.exprId().equals(attribute.exprId()))
          .findFirst()
          .orElse(attribute)
          .metadata();
    }
    if (vectors instanceof ScalarSubquery subquery) {
      return subquery.plan().output().head().metadata();
    }
    if (vectors instanceof Cast || vectors instanceof Alias || vectors instanceof DecodeVector) {
      return metadata(vectors.children().head(), node);
    }
    return vectors instanceof OuterReference outer ? outer.e().metadata() : Metadata.empty();
  }

  private static List<List<Branch>> unions(Expression side, LogicalPlan node, LogicalPlan outer) {
    if (side instanceof Attribute column) {
      return UnionBranches.of(column, node);
    }
    if (side instanceof OuterReference reference
        && reference.e() instanceof Attribute column
        && outer != null) {
      return UnionBranches.of(column, outer);
    }
    return side instanceof ScalarSubquery subquery
        ? UnionBranches.ofOutput(subquery.plan().output().head(), subquery.plan())
        : List.of();
  }

  private static void checkBranches(
      CosineSimilarity cosine, Expression side, List<Branch> branches) {
    String stored = storedDifferently(branches);
    if (stored != null) {
      throw refusal(
          cosine,
          side,
          "stored differently (%s)".formatted(stored),
          "store them as float (--output-type float)");
    }
    String made = cosine.force ? null : madeDifferently(branches);
    if (made != null) {
      throw refusal(
          cosine,
          side,
          "made differently (" + made,
          "pass true as the third argument to compare them all the same");
    }
  }

  private static RuntimeException refusal(
      CosineSimilarity cosine, Expression side, String differ, String wayOut) {
    return SqlRefusal.refuse(
        ("%s reads %s of a UNION whose branches hold vectors that were %s\n"
                + "Compute the cosine in each branch and unite the numbers, or %s.")
            .formatted(cosine.sql(), side.sql(), differ, wayOut));
  }

  /** The first difference in words, or null. */
  private static String madeDifferently(List<Branch> branches) {
    List<Branch> known = branches.stream().filter(branch -> branch.said() != null).toList();
    for (Branch branch : known) {
      Branch first = known.get(0);
      String sides = "branches %d and %d".formatted(first.number(), branch.number());
      Optional<String> differ = ColumnProvenance.incomparable(first.said(), branch.said(), sides);
      if (differ.isPresent()) {
        return differ.get();
      }
    }
    return null;
  }

  /**
   * The first difference in words, or null. Of vectors stored as they are nothing must be known.
   */
  private static String storedDifferently(List<Branch> branches) {
    List<Branch> vectors = branches.stream().filter(branch -> !branch.onlyNulls()).toList();
    if (vectors.stream().noneMatch(branch -> as(branch) != null && as(branch).type().isEncoded())) {
      return null;
    }
    for (Branch branch : vectors) {
      Branch first = vectors.get(0);
      OutputType.Stored one = as(first);
      OutputType.Stored other = as(branch);
      if (!Objects.equals(one, other)) {
        return "branch %d: %s, branch %d: %s"
            .formatted(first.number(), words(one, other), branch.number(), words(other, one));
      }
    }
    return null;
  }

  private static OutputType.Stored as(Branch branch) {
    return Optional.ofNullable(branch.said())
        .flatMap(ColumnProvenance::of)
        .flatMap(OutputType.Stored::of)
        .orElse(null);
  }

  private static String words(OutputType.Stored as, OutputType.Stored other) {
    if (as == null) {
      return "its metadata do not say how";
    }
    String type = "%s of %d values".formatted(as.type().label(), as.dimension());
    if (as.ranges() == null || other == null || other.ranges() == null) {
      return type;
    }
    int at = firstDifference(as.ranges(), other.ranges());
    return at < 0
        ? type
        : "%s, value %d from %s to %s"
            .formatted(type, at, as.ranges().min()[at], as.ranges().max()[at]);
  }

  /** -1 if there is none among the values that both have. */
  private static int firstDifference(Int8Ranges one, Int8Ranges other) {
    for (int i = 0; i < Math.min(one.min().length, other.min().length); i++) {
      if (one.min()[i] != other.min()[i] || one.max()[i] != other.max()[i]) {
        return i;
      }
    }
    return -1;
  }
}
