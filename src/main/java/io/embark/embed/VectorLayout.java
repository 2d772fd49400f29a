package io.embark.embed;

import io.embark.UserError;
import io.embark.onnx.graph.GraphOutput;
import io.embark.onnx.graph.GraphOutput.PooledOutput;
import io.embark.onnx.graph.GraphOutput.TokenStatesOutput;
import io.embark.onnx.graph.PooledModel;
import io.embark.pooling.Layers;
import io.embark.pooling.Norm;
import io.embark.pooling.Pooling;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Which vectors are made of each text: one for each pooling and choice of layers, or all of them
 * joined into one.
 *
 * @param outputs what the session is asked for
 * @param names one per vector: {@code mean}, or with several choices of layers {@code
 *     mean_first_last}; a joined vector is named by its parts
 * @param concat whether the outputs are joined; then cutting and normalising are done here, after
 *     joining, as sentence-transformers does
 * @param tokenStates whether the last output is the token states
 */
record VectorLayout(
    List<GraphOutput> outputs,
    List<String> names,
    boolean concat,
    int truncateDim,
    Norm norm,
    boolean tokenStates) {
  /** Before our names of outputs, for the plain ones may be those of tensors in the graph. */
  private static final String OURS = "embark_";

  static VectorLayout of(EmbedderConfig config) {
    List<Pooling> poolings = config.get(Setting.POOLING);
    List<Layers> layers = config.get(Setting.LAYERS);
    boolean concat = config.get(Setting.CONCAT) && poolings.size() * layers.size() > 1;
    int truncateDim = config.get(Setting.TRUNCATE_DIM);
    Norm norm = config.get(Setting.NORMALIZE);
    List<GraphOutput> outputs = new ArrayList<>();
    for (Pooling pooling : poolings) {
      // The pooler is the model's own; it has no other layers, alone it says so.
      boolean onlyLast = !pooling.usesTokenStates() && poolings.size() > 1;
      for (Layers choice : onlyLast ? List.of(Layers.LAST) : layers) {
        outputs.add(
            new PooledOutput(
                OURS + name(pooling, choice, onlyLast || layers.size() == 1),
                pooling,
                choice,
                concat ? 0 : truncateDim,
                concat ? Norm.NONE : norm));
      }
    }
    List<String> names =
        outputs.stream().map(output -> output.name().substring(OURS.length())).toList();
    boolean tokenStates = config.get(Setting.TOKEN_STATES);
    if (tokenStates) {
      if (layers.size() > 1) {
        throw new UserError(
            "token-states: states are kept of one choice of layers, found %d; set layers to one."
                .formatted(layers.size()));
      }
      outputs.add(new TokenStatesOutput(OURS + "token_states", layers.get(0)));
    }
    List<String> vectors = concat ? List.of(String.join("_", names)) : names;
    return new VectorLayout(outputs, vectors, concat, truncateDim, norm, tokenStates);
  }

  /** Letters, digits and underscores only, for names of columns are made of it. */
  private static String name(Pooling pooling, Layers layers, boolean one) {
    return one
        ? pooling.label()
        : pooling.label() + "_" + layers.label().replace("-", "minus").replace('+', '_');
  }

  /** Values of each vector. */
  List<Integer> dimensions(List<PooledModel.Output> made) {
    List<Integer> dims = pooled(made).stream().map(PooledModel.Output::dim).toList();
    if (!concat) {
      return dims;
    }
    int joined = dims.stream().mapToInt(Integer::intValue).sum();
    if (truncateDim > joined) {
      throw new UserError(
          "truncate-dim is %d, the joined vectors have %d values.".formatted(truncateDim, joined));
    }
    return List.of(truncateDim == 0 ? joined : truncateDim);
  }

  private List<PooledModel.Output> pooled(List<PooledModel.Output> made) {
    return tokenStates ? made.subList(0, made.size() - 1) : made;
  }

  /**
   * What one row of a batch is.
   *
   * @param values views of what the session returned for each output; copied from
   * @param length positions per row in the batch
   * @param used tokens of this row
   */
  Encoded row(
      List<FloatBuffer> values, List<PooledModel.Output> made, int row, int length, int used) {
    float[][] vectors = new float[pooled(made).size()][];
    for (int i = 0; i < vectors.length; i++) {
      int dim = made.get(i).dim();
      vectors[i] = new float[dim];
      values.get(i).get(row * dim, vectors[i]);
    }
    float[][] states = null;
    if (tokenStates) {
      int last = made.size() - 1;
      int dim = made.get(last).dim();
      states = new float[used][];
      for (int token = 0; token < used; token++) {
        states[token] = new float[dim];
        values.get(last).get((row * length + token) * dim, states[token]);
      }
    }
    return new Encoded(concat ? new float[][] {join(vectors)} : vectors, states, null);
  }

  private float[] join(float[][] vectors) {
    int length = Arrays.stream(vectors).mapToInt(v -> v.length).sum();
    float[] joined = new float[length];
    int next = 0;
    for (float[] vector : vectors) {
      System.arraycopy(vector, 0, joined, next, vector.length);
      next += vector.length;
    }
    float[] cut = truncateDim == 0 ? joined : Arrays.copyOf(joined, truncateDim);
    norm.apply(cut);
    return cut;
  }
}
