package io.embark.onnx.graph;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import io.embark.UserError;
import io.embark.onnx.graph.GraphOutput.PooledOutput;
import io.embark.pooling.Layers;
import io.embark.pooling.Pooling;
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

  /** The input added for {@link PoolingMask#SEPARATE}, int64 {@code [B, L]}, not 0 for a token. */
  public static final String POOLING_MASK = "pooling_mask";

  private final OnnxGraph graph;
  final ModelOutputs modelOutputs;
  private final Optional<Path> externalDataFolder;

  /** The tokens of a text that are summed, averaged or searched for a maximum. */
  public enum PoolingMask {
    /** Every token the model attends to, {@code [CLS]}, {@code [SEP]} and a prompt included. */
    ATTENTION,
    /**
     * Those that the caller marks in the input {@link #POOLING_MASK}: without special tokens,
     * without a prompt. {@code CLS} and {@code LAST_TOKEN} are not affected, they name a position
     * of the text as the model sees it.
     */
    SEPARATE
  }

  private PooledGraph(ModelProto model, Path folder) {
    graph = new OnnxGraph(model);
    GraphChecks.requirePoolable(graph);
    modelOutputs = ModelOutputs.of(graph);
    externalDataFolder =
        ModelFile.checkExternalData(model, folder) ? Optional.of(folder) : Optional.empty();
  }

  /**
   * @param file an {@code .onnx} file; weights it keeps in other files lie beside it
   * @throws UserError if it is no ONNX model, has an unknown opset, no {@code attention_mask} or no
   *     token states; says what was found
   */
  public static PooledGraph of(Path file) {
    Path absolute = file.toAbsolutePath();
    ModelProto model = ModelFile.pointingInto(absolute, ModelFile.read(absolute));
    try {
      return new PooledGraph(model, absolute.getParent());
    } catch (UserError e) {
      throw new UserError("Model `" + file + "`: " + e.getMessage(), e);
    }
  }

  public int hiddenSize() {
    return modelOutputs.hiddenSize();
  }

  public PooledModel add(List<? extends GraphOutput> outputs) {
    return add(outputs, PoolingMask.ATTENTION);
  }

  /**
   * Makes a model with these outputs and no others; what they do not need is dropped, the inputs
   * stay. This graph is not changed.
   *
   * @throws UserError if an output cannot be made of this graph: no pooler, layers not recognised
   *     or not there, more dimensions than the hidden size, a name used twice
   */
  public PooledModel add(List<? extends GraphOutput> outputs, PoolingMask mask) {
    requireNames(outputs, mask);
    boolean separate = mask == PoolingMask.SEPARATE;
    GraphOps ops = new GraphOps(graph.opset(), graph.tensorNames());
    PoolingNodes nodes =
        new PoolingNodes(ops, separate ? POOLING_MASK : ATTENTION_MASK, hiddenSize());
    List<PooledModel.Output> made = new ArrayList<>();
    outputs.forEach(output -> made.add(addTo(ops, nodes, output)));
    GraphProto.Builder edited = graph.model.getGraph().toBuilder();
    edited.addAllNode(ops.nodes()).clearOutput();
    made.forEach(output -> edited.addOutput(declare(output)));
    List<String> inputs =
        new ArrayList<>(graph.inputs.stream().map(TensorSignature::name).toList());
    if (separate) {
      edited.addInput(TensorSignature.declare(POOLING_MASK, DataType.INT64, "batch", "length"));
      inputs.add(POOLING_MASK);
    }
    ModelProto model = graph.model.toBuilder().setGraph(LiveGraph.of(edited.build())).build();
    return new PooledModel(model.toByteArray(), externalDataFolder, made, inputs, false);
  }

  private PooledModel.Output addTo(GraphOps ops, PoolingNodes nodes, GraphOutput output) {
    if (output instanceof PooledOutput pooled) {
      int dim = dim(pooled);
      String vector = vector(pooled, nodes);
      String cut = dim < hiddenSize() ? ops.first(vector, dim, 1) : vector;
      ops.name(nodes.normalise(pooled.norm(), cut), pooled.name());
      return new PooledModel.Output(pooled.name(), 2, dim);
    }
    ops.name(nodes.states(layers(output.layers())), output.name());
    return new PooledModel.Output(output.name(), 3, hiddenSize());
  }

  private void requireNames(List<? extends GraphOutput> outputs, PoolingMask mask) {
    if (outputs.isEmpty()) {
      throw new IllegalArgumentException("no output is asked of the graph; ask for at least one.");
    }
    Set<String> taken = graph.tensorNames();
    if (mask == PoolingMask.SEPARATE && !taken.add(POOLING_MASK)) {
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
    if (output.pooling() != Pooling.POOLER) {
      return nodes.pool(output.pooling(), nodes.states(layers(output.layers())));
    }
    if (modelOutputs.pooler().isEmpty()) {
      throw new UserError(
          ("Cannot pool with POOLER: no output [batch,%d] holds it; use MEAN or export the model"
                  + " with its pooler. Found: %s.")
              .formatted(hiddenSize(), graph.describe()));
    }
    return nodes.toFloat(modelOutputs.pooler().get().name());
  }

  private List<String> layers(Layers layers) {
    if (layers.isLast()) {
      return List.of(modelOutputs.tokenStates().name());
    }
    List<String> states = encoderLayers();
    return layers.in(states.size() - 1).stream().map(states::get).toList();
  }

  List<String> encoderLayers() {
    return modelOutputs.layers(graph);
  }

  private int dim(PooledOutput output) {
    if (output.truncateDim() > hiddenSize()) {
      throw new UserError(
          "truncateDim of output `%s` is %d, the model's vectors have %d dimensions; wanted is 0 (keep all) to %d."
              .formatted(output.name(), output.truncateDim(), hiddenSize(), hiddenSize()));
    }
    return output.truncateDim() == 0 ? hiddenSize() : output.truncateDim();
  }

  private static ValueInfoProto declare(PooledModel.Output output) {
    return output.rank() == 2
        ? TensorSignature.declare(output.name(), DataType.FLOAT, "batch", output.dim())
        : TensorSignature.declare(output.name(), DataType.FLOAT, "batch", "length", output.dim());
  }
}
