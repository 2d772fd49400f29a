package io.embark.spark.sql;

import io.embark.spark.column.ColumnProvenance;
import io.embark.spark.column.OutputType;
import io.embark.spark.sql.UnionBranches.Branch;
import io.embark.vector.Int8Ranges;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.OuterReference;
import org.apache.spark.sql.catalyst.expressions.ScalarSubquery;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;

/**
 * Refuses to compare the vectors of a UNION whose branches made them differently, or stored them
 * differently: all would be taken for what the first branch says. That they are made differently
 * may be forced; what they are stored as is no opinion, and decoding them by the first branch would
 * give other vectors.
 */
final class UnionedVectors {
  private UnionedVectors() {}

  /**
   * @param node whose children give the columns that are compared
   * @param outer the same for a subquery's references to the query around it; null without one
   */
  static void check(CosineSimilarity cosine, LogicalPlan node, LogicalPlan outer) {
    for (Expression side : List.of(cosine.left(), cosine.right())) {
      for (List<Branch> branches : unions(UnionBranches.bare(side), node, outer)) {
        stored(branches)
            .ifPresent(
                differ -> {
                  throw refusal(
                      cosine,
                      side,
                      "stored differently (%s)".formatted(differ),
                      "store them as float (--output-type float)");
                });
        if (!cosine.force()) {
          made(branches)
              .ifPresent(
                  differ -> {
                    throw refusal(
                        cosine,
                        side,
                        "made differently (" + differ,
                        "pass true as the third argument to compare them all the same");
                  });
        }
      }
    }
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
    if (side instanceof ScalarSubquery subquery) {
      return UnionBranches.ofOutput(subquery.plan().output().head(), subquery.plan());
    }
    return List.of();
  }

  private static RuntimeException refusal(
      CosineSimilarity cosine, Expression side, String differ, String wayOut) {
    return SqlRefusal.refuse(
        ("%s reads %s of a UNION whose branches hold vectors that were %s\n"
                + "Compute the cosine in each branch and unite the numbers, or %s.")
            .formatted(cosine.sql(), side.sql(), differ, wayOut));
  }

  private static Optional<String> made(List<Branch> branches) {
    List<Branch> known = branches.stream().filter(branch -> branch.said().isPresent()).toList();
    for (Branch branch : known) {
      Branch first = known.get(0);
      Optional<String> differ =
          ColumnProvenance.incomparable(
              first.said().get(),
              branch.said().get(),
              "branches %d and %d".formatted(first.number(), branch.number()));
      if (differ.isPresent()) {
        return differ;
      }
    }
    return Optional.empty();
  }

  /** Of vectors stored as they are nothing has to be known. */
  private static Optional<String> stored(List<Branch> branches) {
    List<Branch> vectors = branches.stream().filter(branch -> !branch.nothing()).toList();
    if (vectors.stream().noneMatch(branch -> as(branch) != null && as(branch).type().isEncoded())) {
      return Optional.empty();
    }
    for (Branch branch : vectors) {
      Branch first = vectors.get(0);
      OutputType.Stored one = as(first);
      OutputType.Stored other = as(branch);
      if (one == null ? other != null : !one.equals(other)) {
        return Optional.of(
            "branch %d: %s, branch %d: %s"
                .formatted(first.number(), words(one, other), branch.number(), words(other, one)));
      }
    }
    return Optional.empty();
  }

  private static OutputType.Stored as(Branch branch) {
    return branch.said().flatMap(ColumnProvenance::of).flatMap(OutputType.Stored::of).orElse(null);
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
