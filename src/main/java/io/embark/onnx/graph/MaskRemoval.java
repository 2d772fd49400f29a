package io.embark.onnx.graph;

import ai.onnx.proto.OnnxMl.*;
import ai.onnx.proto.OnnxMl.AttributeProto.AttributeType;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Replaces attention by ONNX Runtime's {@code MultiHeadAttention} without a mask, for batches
 * without any padding. A CPU has a kernel for that which never writes the matrix of all pairs of
 * tokens to memory (Dao et al. 2022); with a mask there is none.
 */
public final class MaskRemoval {
  private final PooledModel model;
  private final ModelProto proto;
  private final List<AttentionBlocks.Block> blocks;

  /** Tensors of the graph, by the name of the output that measures them. */
  private final Map<String, String> masks = new LinkedHashMap<>();

  private MaskRemoval(PooledModel model, ModelProto proto, List<AttentionBlocks.Block> blocks) {
    this.model = model;
    this.proto = proto;
    this.blocks = blocks;
    blocks.stream()
        .map(AttentionBlocks.Block::mask)
        .distinct()
        .forEach(mask -> masks.put("embark_mask_" + masks.size(), mask));
  }

  /** Empty if no attention is recognised, or weights are halves, which have no such kernel. */
  public static Optional<MaskRemoval> of(PooledModel model) {
    ModelProto proto = model.proto();
    if (proto.getGraph().getInitializerList().stream().anyMatch(MaskRemoval::isHalf)) {
      return Optional.empty();
    }
    WeightValues weights = new WeightValues(model);
    List<AttentionBlocks.Block> blocks = AttentionBlocks.of(new OnnxGraph(proto), weights);
    return blocks.isEmpty() ? Optional.empty() : Optional.of(new MaskRemoval(model, proto, blocks));
  }

  private static boolean isHalf(TensorProto weight) {
    return weight.getDataType() == DataType.FLOAT16.getNumber()
        || weight.getDataType() == DataType.BFLOAT16.getNumber();
  }

  /** A name for each mask. */
  public Set<String> masks() {
    return masks.keySet();
  }

  /**
   * A model with an output {@code [2]} for each of these masks: how many values it has, and how far
   * from 0 they are at most, so that a mask of all pairs of tokens need not leave the session.
   */
  public PooledModel sizesAndLargest(Set<String> wanted) {
    OnnxGraph graph = new OnnxGraph(proto);
    GraphOps ops = new GraphOps(graph.opset(), graph.tensorNames());
    GraphProto.Builder edited = proto.getGraph().toBuilder().clearOutput();
    masks.forEach(
        (output, mask) -> {
          if (wanted.contains(output)) {
            String values = ops.reshape(ops.cast(mask, DataType.FLOAT), -1);
            String largest = ops.reduce("ReduceMax", ops.apply("Abs", values), 0, true);
            String size = ops.cast(ops.apply("Shape", values), DataType.FLOAT);
            ops.name(ops.concat(List.of(size, largest)), output);
            edited.addOutput(TensorSignature.ofAnyShape(output, DataType.FLOAT));
          }
        });
    edited.addAllNode(ops.nodes());
    return model.with(proto.toBuilder().setGraph(LiveGraph.of(edited.build())).build());
  }

  /**
   * @param idle those of {@link #masks} that do nothing where every token is attended
   * @return a model that is right for batches without padding only; empty if nothing is dropped
   */
  public Optional<PooledModel> without(Set<String> idle) {
    Map<String, NodeProto> attentions = new HashMap<>();
    for (AttentionBlocks.Block block : blocks) {
      if (idle.stream().map(masks::get).anyMatch(block.mask()::equals)) {
        attentions.put(block.output(), attention(block));
      }
    }
    if (attentions.isEmpty()) {
      return Optional.empty();
    }
    GraphProto.Builder edited = proto.getGraph().toBuilder().clearNode();
    for (NodeProto node : proto.getGraph().getNodeList()) {
      boolean alone = node.getOutputCount() == 1;
      edited.addNode(alone ? attentions.getOrDefault(node.getOutput(0), node) : node);
    }
    ModelProto.Builder built = proto.toBuilder().setGraph(LiveGraph.of(edited.build()));
    return Optional.of(model.with(GraphOps.withRuntimeOps(built).build()));
  }

  private static NodeProto attention(AttentionBlocks.Block block) {
    return NodeProto.newBuilder()
        .setOpType("MultiHeadAttention")
        .setDomain(GraphOps.RUNTIME_DOMAIN)
        .setName(block.output() + "/unmasked")
        .addAllInput(List.of(block.query(), block.key(), block.value()))
        .addOutput(block.output())
        .addAttribute(GraphOps.integer("num_heads", block.heads()))
        .addAttribute(GraphOps.attribute("scale", AttributeType.FLOAT).setF(block.scale()))
        .build();
  }
}
