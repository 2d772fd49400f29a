package io.embark.spark.sql;

import io.embark.embed.VectorProvenance;
import io.embark.spark.catalyst.ScalaSeq;
import io.embark.spark.column.InternalRows;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.Cast;
import org.apache.spark.sql.catalyst.expressions.ExprId;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.GetStructField;
import org.apache.spark.sql.catalyst.expressions.Literal;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Union;
import org.apache.spark.sql.types.Metadata;

/**
 * The metadata of a column in each branch of a UNION. Spark gives the column the metadata of the
 * first branch, whatever the others say.
 */
final class UnionBranches {
  private UnionBranches() {}

  /**
   * One branch's part of a column.
   *
   * @param number of the branch in its UNION, from 1
   * @param said the column's metadata there, or null if they are not Embark's
   * @param onlyNulls whether the branch holds no vectors of any kind
   */
  record Branch(int number, Metadata said, boolean onlyNulls) {}

  /** A column of a plan, and the expression it is made of there, if it is not handed up. */
  private record Column(LogicalPlan plan, Attribute attribute, Expression made) {}

  /**
   * Every UNION that a column comes from, the nearest first.
   *
   * @param column of one of {@code node}'s children
   */
  static List<List<Branch>> of(Attribute column, LogicalPlan node) {
    return collect(input(column.exprId(), node), new ArrayList<>());
  }

  /** {@link #of} a column of the plan's own output. */
  static List<List<Branch>> ofOutput(Attribute column, LogicalPlan plan) {
    return collect(column(plan, column), new ArrayList<>());
  }

  private static List<List<Branch>> collect(Column column, List<List<Branch>> unions) {
    if (column == null) {
      return unions;
    }
    if (!(column.plan() instanceof Union union)) {
      return collect(below(column), unions);
    }
    List<Column> parts = parts(union, column.attribute());
    List<Branch> branches = new ArrayList<>();
    for (Column part : parts) {
      branches.add(new Branch(branches.size() + 1, said(part), isNull(part)));
    }
    unions.add(branches);
    parts.forEach(part -> collect(part, unions));
    return unions;
  }

  /** Columns of a UNION are matched by their places. */
  private static List<Column> parts(Union union, Attribute attribute) {
    int place =
        ScalaSeq.toJava(union.output()).stream()
            .map(Attribute::exprId)
            .toList()
            .indexOf(attribute.exprId());
    return place < 0
        ? List.of()
        : ScalaSeq.toJava(union.children()).stream()
            .map(branch -> column(branch, branch.output().apply(place)))
            .toList();
  }

  /** A cast drops the metadata, but not what the values are. */
  private static Metadata said(Column column) {
    return path(column)
        .map(at -> at.attribute().metadata())
        .filter(metadata -> metadata.contains(VectorProvenance.KEY))
        .findFirst()
        .orElse(null);
  }

  private static boolean isNull(Column column) {
    return path(column)
        .anyMatch(at -> at.made() instanceof Literal literal && literal.value() == null);
  }

  /** The column and where its values come from, down to the next UNION. */
  private static Stream<Column> path(Column column) {
    return Stream.iterate(
        column, Objects::nonNull, at -> at.plan() instanceof Union ? null : below(at));
  }

  /** Where the values of a column come from unchanged; null if they are made here. */
  private static Column below(Column column) {
    if (column.made() == null) {
      return input(column.attribute().exprId(), column.plan());
    }
    if (column.made() instanceof GetStructField field) {
      LogicalPlan before = InternalRows.before(column.plan());
      return before != null && field.ordinal() < before.output().size()
          ? column(before, before.output().apply(field.ordinal()))
          : null;
    }
    return column.made() instanceof Attribute source ? input(source.exprId(), column.plan()) : null;
  }

  private static Column input(ExprId id, LogicalPlan node) {
    // The subquery of a lateral join is its right side.
    for (LogicalPlan input : ScalaSeq.toJava(ScalaSeq.concat(node.children(), node.subqueries()))) {
      for (Attribute attribute : ScalaSeq.toJava(input.output())) {
        if (attribute.exprId().equals(id)) {
          return column(input, attribute);
        }
      }
    }
    return null;
  }

  private static Column column(LogicalPlan plan, Attribute attribute) {
    for (Expression expression : ScalaSeq.toJava(plan.expressions())) {
      if (expression instanceof Alias alias && alias.exprId().equals(attribute.exprId())) {
        return new Column(plan, attribute, bare(alias));
      }
    }
    return new Column(plan, attribute, null);
  }

  /** Without what changes no value, or only its type. */
  static Expression bare(Expression expression) {
    return expression instanceof Alias
            || expression instanceof Cast
            || expression instanceof DecodeVector
        ? bare(expression.children().head())
        : expression;
  }
}
