package io.embark.spark.catalyst;

import java.io.Serializable;
import java.util.Arrays;
import org.apache.spark.sql.catalyst.expressions.Expression;
import scala.collection.IndexedSeq;
import scala.collection.Seq;

/**
 * A function of the expressions among its arguments: they are its children.
 *
 * <p>Spark's own bases for one and two children have final methods whose types Java cannot see.
 */
public abstract class FunctionExpression extends Expression implements NodeArguments, Serializable {
  private static final long serialVersionUID = 1;

  private transient Seq<Expression> children;

  @Override
  public Seq<Expression> children() {
    if (children == null) {
      children =
          ScalaSeq.of(
              Arrays.stream(arguments())
                  .filter(Expression.class::isInstance)
                  .map(Expression.class::cast)
                  .toList());
    }
    return children;
  }

  @Override
  public Expression withNewChildrenInternal(IndexedSeq<Expression> newChildren) {
    return legacyWithNewChildren(newChildren);
  }

  @Override
  public boolean nullable() {
    return true;
  }

  @Override
  public boolean foldable() {
    return ScalaSeq.toJava(children()).stream().allMatch(Expression::foldable);
  }

  @Override
  public boolean equals(Object other) {
    return NodeArguments.equal(this, other);
  }
}
