package io.embark.pooling;

import io.embark.Choice;
import io.embark.UserError;

/** Normalisation of a pooled vector. */
public enum Norm implements Choice {
  /** Left as it is. */
  NONE,
  /**
   * Scaled to Euclidean length 1, {@code v / max(|v|, 1e-12)} as torch's {@code normalize} does, so
   * that a zero vector stays zero.
   */
  L2;

  /** Changes {@code vector} in place. */
  public void apply(float[] vector) {
    if (this == L2) {
      double squares = 0;
      for (float v : vector) {
        squares += (double) v * v;
      }
      float scale = (float) (1 / Math.max(Math.sqrt(squares), 1e-12));
      for (int i = 0; i < vector.length; i++) {
        vector[i] *= scale;
      }
    }
  }

  /**
   * @throws UserError naming the known norms
   */
  public static Norm of(String text) {
    return Choice.of(Norm.class, "norm", text);
  }
}
