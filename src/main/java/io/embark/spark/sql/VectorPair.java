package io.embark.spark.sql;

import io.embark.UserError;
import java.io.Serializable;

/** Computes the cosine similarity of two columns' values. Public for Spark's generated code. */
public final class VectorPair implements Serializable {
  private static final long serialVersionUID = 1;

  private final VectorKind left;
  private final VectorKind right;

  VectorPair(VectorKind left, VectorKind right) {
    this.left = left;
    this.right = right;
  }

  /**
   * The cosine of the angle, -1 to 1; null if a vector has no direction, being all zeros.
   *
   * @throws UserError if the vectors differ in length or hold a null
   */
  public Double similarity(Object leftValue, Object rightValue) {
    VectorValues a = left.read(leftValue);
    VectorValues b = right.read(rightValue);
    if (a.size() != b.size()) {
      throw new UserError(
          ("cosine_similarity: the vectors have %d and %d values; wanted as many on both sides. Were"
                  + " they made by the same model?")
              .formatted(a.size(), b.size()));
    }
    double lengths = Math.sqrt(a.squares()) * Math.sqrt(b.squares());
    if (lengths == 0) {
      return null;
    }
    // Rounding must not take equal vectors past 1, where acos would be NaN.
    return Math.max(-1, Math.min(1, a.dot(b) / lengths));
  }
}
