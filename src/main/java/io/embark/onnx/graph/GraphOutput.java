package io.embark.onnx.graph;

import io.embark.UserError;
import io.embark.pooling.Layers;
import io.embark.pooling.Norm;
import io.embark.pooling.Pooling;
import io.embark.pooling.VectorModule;
import java.util.Arrays;
import java.util.List;

/** An output asked of a session: a vector per text, or a vector per token. */
public sealed interface GraphOutput {
  String name();

  /** The layers it is made of; of several, their mean. */
  Layers layers();

  /**
   * One vector per text, {@code [B, dim]} float32: pooled, taken through the model's modules, then
   * cut and normalised.
   *
   * @param modules behind the pooling, in order; a finished vector has been through them
   * @param ending how the vector is finished
   */
  record PooledOutput(
      String name, Pooling pooling, Layers layers, List<VectorModule> modules, Ending ending)
      implements GraphOutput {
    /**
     * @throws UserError if a pooling that is the model's own is to be made of other layers
     */
    public PooledOutput {
      modules = List.copyOf(modules);
      if (!pooling.usesTokenStates() && !layers.isLast()) {
        throw new UserError(
            ("pooling %s is made by the model from its last layer, found layers %s; use layers -1"
                    + " or another pooling.")
                .formatted(pooling.label(), layers));
      }
    }

    /** A vector that is cut before it is normalised. */
    public PooledOutput(String name, Pooling pooling, Layers layers, int truncateDim, Norm norm) {
      this(name, pooling, layers, List.of(), new Ending(truncateDim, norm, true));
    }

    /** All dimensions of the last layer, not normalised. */
    public static PooledOutput of(String name, Pooling pooling) {
      return new PooledOutput(name, pooling, Layers.LAST, 0, Norm.NONE);
    }
  }

  /**
   * How a vector is finished.
   *
   * @param truncateDim how many leading dimensions are kept (Matryoshka), 0 for all
   * @param rescale whether it is cut before it is normalised, so that what is kept has length 1;
   *     else behind, as sentence-transformers does
   */
  record Ending(int truncateDim, Norm norm, boolean rescale) {
    /**
     * @throws UserError if {@code truncateDim} is negative
     */
    public Ending {
      if (truncateDim < 0) {
        throw new UserError(
            "truncate-dim must be 0 (keep all) or more, found " + truncateDim + ".");
      }
    }

    /** Values that are left of {@code full} ones. */
    public int dim(int full) {
      return truncateDim == 0 ? full : Math.min(truncateDim, full);
    }

    /** A finished copy: the definition that the nodes of a graph are held to. */
    public float[] apply(float[] vector) {
      int dim = dim(vector.length);
      float[] finished = Arrays.copyOf(vector, rescale ? dim : vector.length);
      norm.apply(finished);
      return finished.length == dim ? finished : Arrays.copyOf(finished, dim);
    }
  }

  /** The token states themselves, {@code [B, L, H]} float32, whatever lies at padding included. */
  record TokenStatesOutput(String name, Layers layers) implements GraphOutput {}
}
