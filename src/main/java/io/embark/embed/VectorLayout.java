package io.embark.embed;

import io.embark.UserError;
import io.embark.onnx.graph.GraphOutput;
import io.embark.onnx.graph.GraphOutput.Ending;
import io.embark.onnx.graph.GraphOutput.PooledOutput;
import io.embark.onnx.graph.GraphOutput.TokenStatesOutput;
import io.embark.onnx.graph.PooledModel;
import io.embark.pooling.Layers;
import io.embark.pooling.Norm;
import io.embark.pooling.Pooling;
import io.embark.pooling.VectorModule;
import io.embark.token.Tokens;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The vectors that are made of each text: one for each pooling and choice of layers, or all joined
 * into one. The session pools; single vectors it also cuts and normalises, joined ones are cut and
 * normalised here, after joining, as sentence-transformers does.
 *
 * @param names one per vector: {@code mean}, or with several choices of layers {@code
 *     mean_first_last}; a joined vector is named by its parts
 * @param dims values of each output of the session
 * @param dimensions values of each vector
 * @param modules what joined vectors go through before they are finished
 * @param tokenStates whether the last output is the token states
 */
record VectorLayout(
    List<String> names,
    int[] dims,
    List<Integer> dimensions,
    boolean concat,
    List<VectorModule> modules,
    Ending ending,
    boolean tokenStates) {
  /** Prefix of output names: plain ones may be those of tensors in the graph. */
  private static final String OURS = "embark_";

  /**
   * @param modules the model's, behind its pooling
   * @throws UserError if token states are wanted of several choices of layers
   */
  static List<GraphOutput> outputs(EmbedderConfig config, List<VectorModule> modules) {
    List<Pooling> poolings = config.get(Setting.POOLING);
    List<Layers> layers = config.get(Setting.LAYERS);
    Ending ending = joins(config) ? new Ending(0, Norm.NONE, true) : ending(config);
    List<VectorModule> behind = joins(config) ? List.of() : modules;
    List<GraphOutput> outputs = new ArrayList<>();
    for (Pooling pooling : poolings) {
      // The pooler is the model's own; it has no other layers, alone it says so.
      boolean onlyLast = !pooling.usesTokenStates() && poolings.size() > 1;
      for (Layers choice : onlyLast ? List.of(Layers.LAST) : layers) {
        String name = OURS + name(pooling, choice, onlyLast || layers.size() == 1);
        outputs.add(new PooledOutput(name, pooling, choice, behind, ending));
      }
    }
    if (config.get(Setting.TOKEN_STATES)) {
      if (layers.size() > 1) {
        throw new UserError(
            "token-states: states are kept of one choice of layers, found %d; set layers to one."
                .formatted(layers.size()));
      }
      outputs.add(new TokenStatesOutput(OURS + "token_states", layers.get(0)));
    }
    return outputs;
  }

  private static Ending ending(EmbedderConfig config) {
    return new Ending(
        config.get(Setting.TRUNCATE_DIM),
        config.get(Setting.NORMALIZE),
        config.get(Setting.RESCALE_TRUNCATED));
  }

  static boolean joins(EmbedderConfig config) {
    return config.get(Setting.CONCAT)
        && config.get(Setting.POOLING).size() * config.get(Setting.LAYERS).size() > 1;
  }

  /** Letters, digits and underscores only, for names of columns are made of it. */
  private static String name(Pooling pooling, Layers layers, boolean one) {
    return one ? pooling.label() : name(pooling.label(), layers.label());
  }

  static String name(String pooling, String layers) {
    return pooling + "_" + layers.replace("-", "minus").replace('+', '_');
  }

  /**
   * @param made the outputs of a session that was asked for {@link #outputs}
   * @throws UserError if joined vectors are to be cut to more values than they have, or do not fit
   *     the modules
   */
  static VectorLayout of(
      EmbedderConfig config, List<PooledModel.Output> made, List<VectorModule> modules) {
    boolean tokenStates = config.get(Setting.TOKEN_STATES);
    boolean concat = joins(config);
    int vectors = made.size() - (tokenStates ? 1 : 0);
    int[] dims = made.stream().mapToInt(PooledModel.Output::dim).toArray();
    List<String> names =
        outputs(config, modules).stream()
            .limit(vectors)
            .map(output -> output.name().substring(OURS.length()))
            .toList();
    List<Integer> dimensions = Arrays.stream(dims, 0, vectors).boxed().toList();
    if (concat) {
      names = List.of(String.join("_", names));
      dimensions = List.of(joinedDim(dimensions, modules, ending(config)));
    }
    return new VectorLayout(names, dims, dimensions, concat, modules, ending(config), tokenStates);
  }

  private static int joinedDim(List<Integer> dims, List<VectorModule> modules, Ending ending) {
    int joined = VectorModule.outputDim(modules, dims.stream().mapToInt(Integer::intValue).sum());
    if (ending.truncateDim() > joined && ending.rescale()) {
      throw new UserError(
          "truncate-dim is %d, the joined vectors have %d values."
              .formatted(ending.truncateDim(), joined));
    }
    return ending.dim(joined);
  }

  /**
   * The embedding of one row of a batch of {@code length} positions a row, copied from each output.
   */
  Embedding row(List<FloatBuffer> values, int row, int length, Tokens text, double unknown) {
    float[][] vectors = new float[dims.length - (tokenStates ? 1 : 0)][];
    for (int i = 0; i < vectors.length; i++) {
      vectors[i] = copy(values.get(i), row, dims[i]);
    }
    float[][] states = null;
    if (tokenStates) {
      int last = dims.length - 1;
      states = new float[text.used()][];
      for (int token = 0; token < states.length; token++) {
        states[token] = copy(values.get(last), row * length + token, dims[last]);
      }
    }
    return Embedding.of(text, unknown, concat ? new float[][] {join(vectors)} : vectors, states);
  }

  private static float[] copy(FloatBuffer values, int row, int dim) {
    float[] copy = new float[dim];
    values.get(row * dim, copy);
    return copy;
  }

  private float[] join(float[][] vectors) {
    float[] joined = new float[Arrays.stream(dims, 0, vectors.length).sum()];
    int next = 0;
    for (float[] vector : vectors) {
      System.arraycopy(vector, 0, joined, next, vector.length);
      next += vector.length;
    }
    for (VectorModule module : modules) {
      joined = module.apply(joined);
    }
    return ending.apply(joined);
  }
}
