package io.embark.onnx.graph;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import io.embark.UserError;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Inputs that exported decoders have beside ids and mask, made within the graph: {@code
 * position_ids}, which follow from the mask, and {@code past_key_values.*}, which are empty, as no
 * text goes on where another ended.
 */
final class DecoderInputs {
  private static final String POSITIONS = "position_ids";
  private static final String PAST = "past_key_values.";
  private static final Set<String> FED =
      Set.of("input_ids", PooledGraph.ATTENTION_MASK, "token_type_ids");

  private DecoderInputs() {}

  /** Whether Embark feeds an input, or makes it. */
  static boolean isKnown(String input) {
    return FED.contains(input) || isMade(input);
  }

  private static boolean isMade(String input) {
    return input.equals(POSITIONS) || input.startsWith(PAST);
  }

  /**
   * The graph with these inputs made by nodes at its beginning; itself if it has none.
   *
   * @throws UserError if an input has a shape that is not known
   */
  static GraphProto made(OnnxGraph graph, GraphTraits traits) {
    List<TensorSignature> made =
        graph.inputs.stream().filter(input -> isMade(input.name())).toList();
    GraphProto whole = graph.model.getGraph();
    if (made.isEmpty()) {
      return whole;
    }
    GraphOps ops = new GraphOps(graph.opset(), graph.tensorNames());
    for (TensorSignature input : made) {
      if (input.name().equals(POSITIONS) && input.dims() != null && !input.hasRank(2)) {
        throw new UserError(
            ("input %s is not one position per token (rank 2), so what it wants is not known, for"
                    + " example positions in pictures; export the model for texts.")
                .formatted(input));
      }
      String tensor = input.name().equals(POSITIONS) ? positions(ops, traits) : nothing(ops, input);
      ops.name(ops.cast(tensor, input.type()), input.name());
    }
    Set<String> names = made.stream().map(TensorSignature::name).collect(Collectors.toSet());
    List<ValueInfoProto> fed =
        whole.getInputList().stream().filter(input -> !names.contains(input.getName())).toList();
    List<NodeProto> nodes = new ArrayList<>(ops.nodes());
    nodes.addAll(whole.getNodeList());
    return whole.toBuilder().clearInput().addAllInput(fed).clearNode().addAllNode(nodes).build();
  }

  /** {@code [B, L]}: counted over the tokens of a row; padding has its neighbour's or the first. */
  private static String positions(GraphOps ops, GraphTraits traits) {
    String mask = ops.cast(PooledGraph.ATTENTION_MASK, DataType.BOOL);
    String counted = ops.apply("CumSum", ops.cast(mask, DataType.INT32), ops.longs(1));
    String fromZero = ops.apply("Sub", ops.cast(counted, DataType.FLOAT), ops.constant(1));
    String first = ops.constant(traits.firstPosition());
    return ops.apply("Add", ops.apply("Max", fromZero, ops.constant(0)), first);
  }

  /** {@code [B, heads, 0, width]}. */
  private static String nothing(GraphOps ops, TensorSignature input) {
    List<Integer> open = new ArrayList<>();
    for (int dim = 1; dim < (input.dims() == null ? 0 : input.dims().size()); dim++) {
      if (input.size(dim) < 0) {
        open.add(dim);
      }
    }
    if (!input.hasRank(4) || open.size() != 1 || !input.isFloat()) {
      throw new UserError(
          ("input %s is a memory of earlier tokens whose shape Embark does not know; wanted are 4"
                  + " dimensions of which the batch and one other are open. Export the model without"
                  + " a cache (use_cache=False).")
              .formatted(input));
    }
    String batch = ops.first(ops.apply("Shape", "input_ids"), 1, 0);
    List<String> sizes = new ArrayList<>(List.of(batch));
    for (int dim = 1; dim < 4; dim++) {
      sizes.add(ops.longs(open.contains(dim) ? 0 : input.size(dim)));
    }
    return ops.zeros(ops.concat(sizes));
  }
}
