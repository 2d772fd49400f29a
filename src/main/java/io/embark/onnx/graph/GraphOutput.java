package io.embark.onnx.graph;

import io.embark.UserError;
import io.embark.pooling.Layers;
import io.embark.pooling.Norm;
import io.embark.pooling.Pooling;

/** An output asked of a session: a vector per text, or a vector per token. */
public sealed interface GraphOutput {
  String name();

  /** The layers it is made of; of several, their mean. */
  Layers layers();

  /**
   * One vector per text, {@code [B, dim]} float32: pooled, then cut, then normalised.
   *
   * @param truncateDim how many leading dimensions are kept (Matryoshka), 0 for all
   */
  record PooledOutput(String name, Pooling pooling, Layers layers, int truncateDim, Norm norm)
      implements GraphOutput {
    /**
     * @throws UserError if {@code truncateDim} is negative or POOLER is to be made of other layers
     */
    public PooledOutput {
      if (truncateDim < 0) {
        throw new UserError("truncateDim must be 0 (keep all) or more, found " + truncateDim + ".");
      }
      if (!pooling.usesTokenStates() && !layers.isLast()) {
        throw new UserError(
            ("pooling %s is made by the model from its last layer, found layers %s; use layers -1"
                    + " or another pooling.")
                .formatted(pooling.label(), layers));
      }
    }

    /** All dimensions of the last layer, not normalised. */
    public static PooledOutput of(String name, Pooling pooling) {
      return new PooledOutput(name, pooling, Layers.LAST, 0, Norm.NONE);
    }
  }

  /** The token states themselves, {@code [B, L, H]} float32, whatever lies at padding included. */
  record TokenStatesOutput(String name, Layers layers) implements GraphOutput {}
}
