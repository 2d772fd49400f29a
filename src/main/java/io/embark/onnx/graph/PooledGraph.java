package io.embark.onnx.graph;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import io.embark.UserError;
import io.embark.onnx.graph.GraphOutput.Ending;
import io.embark.onnx.graph.GraphOutput.PooledOutput;
import io.embark.onnx.guard.GraphGuard;
import io.embark.pooling.Layers;
import io.embark.pooling.Norm;
import io.embark.pooling.Pooling;
import io.embark.pooling.VectorModule;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * An encoder's graph to which pooling is added, so that one vector per text leaves the session
 * instead of one per token. {@link Pooling} is the definition, this its fast form.
 *
 * <p>Reading checks everything that pooling needs of a graph. Weights are not read.
 */
public final class PooledGraph {
  /** The input that tells tokens from padding, {@code [B, L]}. */
  public static final String ATTENTION_MASK = "attention_mask";

  /** The input added unless all tokens are pooled, int64 {@code [B, L]}, not 0 for a token. */
  public static final String POOLING_MASK = "pooling_mask";

  private final OnnxGraph graph;
  final ModelOutputs modelOutputs;
  private final Optional<Path> externalDataFolder;
  private final int sentenceWidth;

  /** The tokens of a text that are summed, averaged or searched for a maximum. */
  public enum PoolingMask {
    /** Every token the model attends to, {@code [CLS]}, {@code [SEP]} and a prompt included. */
    ATTENTION,
    /**
     * Those that the caller marks in the input {@link #POOLING_MASK}: without special tokens.
     * {@code CLS} and {@code LAST_TOKEN} are not affected, they name a position of the text as the
     * model sees it.
     */
    SEPARATE,
    /**
     * Those that the caller marks there: without a prompt. As in sentence-transformers {@code CLS}
     * is the first token behind the prompt, and the weights of {@code WEIGHTED_MEAN} count from the
     * beginning of the prompt.
     */
    WITHOUT_PROMPT
  }

  private PooledGraph(
      OnnxGraph graph, ModelOutputs outputs, Optional<Path> externalDataFolder, int sentenceWidth) {
    this.graph = graph;
    this.modelOutputs = outputs;
    this.externalDataFolder = externalDataFolder;
    this.sentenceWidth = sentenceWidth;
  }

  /** Reads a graph of which nothing else is known. */
  public static PooledGraph of(Path file) {
    return of(file, GraphTraits.UNKNOWN);
  }

  /**
   * @param file an {@code .onnx} file; weights it keeps in other files lie beside it
   * @param traits what is known of it
   * @throws UserError if it is no ONNX model, has an unknown opset, no {@code attention_mask}, an
   *     unknown input, or neither token states nor a finished vector; says what was found
   */
  public static PooledGraph of(Path file, GraphTraits traits) {
    Path absolute = file.toAbsolutePath();
    ModelProto read = ModelFile.read(absolute);
    try {
      ModelFile.checkExternalData(read, absolute.getParent());
      ModelProto safe = GraphGuard.checked(read, absolute.getParent());
      return of(ModelFile.pointingInto(absolute, safe), absolute.getParent(), traits);
    } catch (UserError e) {
      throw new UserError("Model `" + file + "`: " + e.getMessage(), e);
    }
  }

  private static PooledGraph of(ModelProto model, Path folder, GraphTraits traits) {
    OnnxGraph whole = new OnnxGraph(model);
    GraphChecks.requirePoolable(whole);
    ModelOutputs outputs = ModelOutputs.of(whole.outputs, traits);
    Optional<Path> external =
        ModelFile.checkExternalData(model, folder) ? Optional.of(folder) : Optional.empty();
    ModelProto fed = model.toBuilder().setGraph(DecoderInputs.made(whole, traits)).build();
    int width = outputs.sentenceEmbedding().map(vector -> vector.size(1)).orElse(-1);
    return new PooledGraph(new OnnxGraph(fed), outputs, external, width);
  }

  /**
   * Checks that the graph wants nothing but what Embark feeds or makes.
   *
   * @throws UserError naming the input that it does not know
   */
  public PooledGraph requireKnownInputs() {
    GraphChecks.requireKnownInputs(graph);
    return this;
  }

  /** Values per token state; 0 if the graph gives none. */
  public int hiddenSize() {
    return modelOutputs.hiddenSize();
  }

  /**
   * A model of the first token's state alone, to be run once to see how many values it has; empty
   * if there are no states or the graph says how many.
   */
  public Optional<PooledModel> statesProbe() {
    if (modelOutputs.tokenStates().isEmpty() || hiddenSize() > 0) {
      return Optional.empty();
    }
    GraphOps ops = new GraphOps(graph.opset(), graph.tensorNames());
    String states = ops.cast(modelOutputs.tokenStates().get().name(), DataType.FLOAT);
    // Over rows and tokens, in whatever number they come.
    return Optional.of(probe(ops, ops.first(ops.first(states, 1, 0), 1, 1)));
  }

  /**
   * This graph, knowing how many values a token's state has.
   *
   * @throws UserError if the output was taken for its width, which is another
   */
  public PooledGraph withHiddenSize(int values, GraphTraits traits) {
    boolean fits = traits.hiddenSize() == 0 || values == traits.hiddenSize();
    if (!fits && !modelOutputs.isNamed(traits)) {
      throw new UserError(
          ("Cannot pool: output %s, whose width the graph does not declare, gives %d values a token,"
                  + " and config.json says hidden_size %d: it holds something else than token states."
                  + " If it does hold them, name it with --model-output. Found: %s.")
              .formatted(
                  modelOutputs.tokenStates().orElseThrow(),
                  values,
                  traits.hiddenSize(),
                  graph.describe()));
    }
    return new PooledGraph(
        graph, modelOutputs.withHiddenSize(values), externalDataFolder, sentenceWidth);
  }

  private PooledModel probe(GraphOps ops, String tensor) {
    String output = "embark_width";
    ops.name(tensor, output);
    GraphProto edited =
        graph.model.getGraph().toBuilder()
            .addAllNode(ops.nodes())
            .clearOutput()
            .addOutput(TensorSignature.ofAnyShape(output, DataType.FLOAT))
            .build();
    return model(edited, List.of(new PooledModel.Output(output, 2, 1)), List.of());
  }

  /**
   * A model of the finished vector alone, to be run once to see how many values it has; empty if
   * there is none or the graph says how many.
   */
  public Optional<PooledModel> widthProbe() {
    if (modelOutputs.sentenceEmbedding().isEmpty() || sentenceWidth > 0) {
      return Optional.empty();
    }
    GraphOps ops = new GraphOps(graph.opset(), graph.tensorNames());
    String vector = modelOutputs.sentenceEmbedding().get().name();
    return Optional.of(probe(ops, ops.cast(vector, DataType.FLOAT)));
  }

  /** Values of a finished vector; -1 if there is none, or only running the graph tells. */
  public int sentenceWidth() {
    return sentenceWidth;
  }

  /** This graph, knowing how many values a finished vector has. */
  public PooledGraph withSentenceWidth(int values) {
    return new PooledGraph(graph, modelOutputs, externalDataFolder, values);
  }

  public PooledModel add(List<? extends GraphOutput> outputs) {
    return add(outputs, PoolingMask.ATTENTION);
  }

  /**
   * Makes a model with these outputs and no others; what they do not need is dropped, the inputs
   * stay. This graph is not changed.
   *
   * @throws UserError if an output cannot be made of this graph: no pooler, layers not recognised
   *     or not there, more dimensions than there are, a name used twice
   */
  public PooledModel add(List<? extends GraphOutput> outputs, PoolingMask mask) {
    requireNames(outputs, mask);
    GraphOps ops = new GraphOps(graph.opset(), graph.tensorNames());
    PoolingNodes nodes = new PoolingNodes(ops, mask, hiddenSize());
    List<PooledModel.Output> made = new ArrayList<>();
    outputs.forEach(output -> made.add(addTo(ops, nodes, output)));
    GraphProto.Builder edited = graph.model.getGraph().toBuilder();
    edited.addAllNode(ops.nodes()).clearOutput();
    made.forEach(output -> edited.addOutput(declare(output)));
    List<String> added = new ArrayList<>();
    if (mask != PoolingMask.ATTENTION) {
      edited.addInput(TensorSignature.declare(POOLING_MASK, DataType.INT64, "batch", "length"));
      added.add(POOLING_MASK);
    }
    return model(edited.build(), made, added);
  }

  private PooledModel model(
      GraphProto edited, List<PooledModel.Output> outputs, List<String> addedInputs) {
    List<String> inputs =
        new ArrayList<>(graph.inputs.stream().map(TensorSignature::name).toList());
    inputs.addAll(addedInputs);
    ModelProto model = graph.model.toBuilder().setGraph(LiveGraph.of(edited)).build();
    return new PooledModel(model.toByteArray(), externalDataFolder, outputs, inputs, false);
  }

  private PooledModel.Output addTo(GraphOps ops, PoolingNodes nodes, GraphOutput output) {
    if (output instanceof PooledOutput pooled) {
      int full = fullDim(pooled);
      int dim = dim(pooled, full);
      String vector = vector(pooled, nodes);
      ModuleNodes modules = new ModuleNodes(ops);
      if (pooled.pooling() != Pooling.SENTENCE_EMBEDDING) {
        for (VectorModule module : pooled.modules()) {
          vector = modules.apply(module, vector);
        }
      }
      Ending ending = pooled.ending();
      boolean cutFirst = dim < full && ending.rescale();
      vector = cutFirst ? ops.first(vector, dim, 1) : vector;
      vector = ending.norm() == Norm.L2 ? modules.normalize(vector) : vector;
      vector = dim < full && !cutFirst ? ops.first(vector, dim, 1) : vector;
      ops.name(vector, output.name());
      return new PooledModel.Output(output.name(), 2, dim);
    }
    requireTokenStates("token states");
    ops.name(nodes.states(layers(output.layers())), output.name());
    return new PooledModel.Output(output.name(), 3, hiddenSize());
  }

  private void requireNames(List<? extends GraphOutput> outputs, PoolingMask mask) {
    if (outputs.isEmpty()) {
      throw new IllegalArgumentException("no output is asked of the graph; ask for at least one.");
    }
    Set<String> taken = graph.tensorNames();
    if (mask != PoolingMask.ATTENTION && !taken.add(POOLING_MASK)) {
      throw new UserError(
          "the graph already has a tensor `%s`; found: %s."
              .formatted(POOLING_MASK, graph.describe()));
    }
    for (GraphOutput output : outputs) {
      if (output.name().isEmpty() || !taken.add(output.name())) {
        throw new UserError(
            ("output name `%s` is empty, used twice or already a tensor of the graph; choose"
                    + " another name.")
                .formatted(output.name()));
      }
    }
  }

  private String vector(PooledOutput output, PoolingNodes nodes) {
    return switch (output.pooling()) {
      case POOLER -> nodes.toFloat(modelOutputs.pooler().orElseThrow().name());
      case SENTENCE_EMBEDDING ->
          nodes.toFloat(modelOutputs.sentenceEmbedding().orElseThrow().name());
      default -> nodes.pool(output.pooling(), nodes.states(layers(output.layers())));
    };
  }

  private void requireTokenStates(String wanted) {
    if (modelOutputs.tokenStates().isEmpty()) {
      throw new UserError(
          ("Cannot give %s: no output of the graph holds the states of tokens; use pooling"
                  + " sentence_embedding, or export the model for feature extraction. Found: %s.")
              .formatted(wanted, graph.describe()));
    }
    if (hiddenSize() == 0) {
      throw new UserError(
          "Cannot pool: the hidden size of output %s is not declared; export the model with it fixed. Found: %s."
              .formatted(modelOutputs.tokenStates().get(), graph.describe()));
    }
  }

  private List<String> layers(Layers layers) {
    if (layers.isLast()) {
      return List.of(modelOutputs.tokenStates().orElseThrow().name());
    }
    List<String> states = encoderLayers();
    return layers.in(states.size() - 1).stream().map(states::get).toList();
  }

  List<String> encoderLayers() {
    return EncoderLayers.of(graph, modelOutputs);
  }

  /** Values of the vector behind pooling and modules, which it checks can be made. */
  private int fullDim(PooledOutput output) {
    switch (output.pooling()) {
      case POOLER -> {
        if (modelOutputs.fittingPoolers().size() > 1) {
          throw new UserError(
              ("Cannot pool with POOLER: several outputs may be it, %s, and none is named"
                      + " pooler_output; name it with --model-output, whose vectors are taken as they"
                      + " are (pooling sentence_embedding).")
                  .formatted(ModelOutputs.list(modelOutputs.fittingPoolers())));
        }
        if (modelOutputs.pooler().isEmpty()) {
          throw new UserError(
              ("Cannot pool with POOLER: no output [batch,%d] holds it; use MEAN or export the"
                      + " model with its pooler. Found: %s.")
                  .formatted(hiddenSize(), graph.describe()));
        }
      }
      case SENTENCE_EMBEDDING -> {
        if (modelOutputs.sentenceEmbedding().isEmpty()) {
          throw new UserError(
              ("Cannot pool with SENTENCE_EMBEDDING: no output sentence_embedding[batch,values]"
                      + " holds a finished vector; use another pooling, or name the output with"
                      + " --model-output. Found: %s.")
                  .formatted(graph.describe()));
        }
        return sentenceWidth;
      }
      default -> requireTokenStates("pooling " + output.pooling().label());
    }
    return VectorModule.outputDim(output.modules(), hiddenSize());
  }

  private static int dim(PooledOutput output, int full) {
    int truncateDim = output.ending().truncateDim();
    // A model's own cut, which does not scale again, may be beyond the end, as in the library.
    if (truncateDim > full && output.ending().rescale()) {
      throw new UserError(
          "truncate-dim of output `%s` is %d, the model's vectors have %d dimensions; wanted is 0 (keep all) to %d."
              .formatted(output.name(), truncateDim, full, full));
    }
    return output.ending().dim(full);
  }

  private static ValueInfoProto declare(PooledModel.Output output) {
    return output.rank() == 2
        ? TensorSignature.declare(output.name(), DataType.FLOAT, "batch", output.dim())
        : TensorSignature.declare(output.name(), DataType.FLOAT, "batch", "length", output.dim());
  }
}
