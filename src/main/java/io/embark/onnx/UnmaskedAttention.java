package io.embark.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.AttributeProto.AttributeType;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnxruntime.OrtException;
import com.google.protobuf.InvalidProtocolBufferException;
import io.embark.UserError;
import io.embark.onnx.graph.AttentionBlocks;
import io.embark.onnx.graph.GraphOps;
import io.embark.onnx.graph.LiveGraph;
import io.embark.onnx.graph.OnnxGraph;
import io.embark.onnx.graph.PooledModel;
import io.embark.onnx.graph.RuntimeOps;
import io.embark.onnx.graph.TensorSignature;
import io.embark.onnx.graph.WeightValues;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A graph for batches without any padding: each attention becomes ONNX Runtime's {@code
 * MultiHeadAttention} without a mask, for which a CPU has a kernel that never writes the matrix of
 * all pairs of tokens to memory (Dao et al. 2022). With a mask there is no such kernel.
 */
final class UnmaskedAttention {
  /** Tokens of the texts that masks are computed for. Which tokens they are changes no mask. */
  private static final int SHORT = 5;

  /** One that keeps distant tokens apart does nothing for a short text. */
  private static final int LONG = 512;

  private UnmaskedAttention() {}

  /**
   * @return the model that gives the same for batches without padding and wrong vectors for others;
   *     empty if no attention is recognised whose mask then does nothing
   */
  static Optional<PooledModel> of(PooledModel model) {
    try {
      ModelProto proto = ModelProto.parseFrom(model.bytes());
      if (proto.getGraph().getInitializerList().stream().anyMatch(UnmaskedAttention::isHalf)) {
        return Optional.empty();
      }
      OnnxGraph graph = new OnnxGraph(proto);
      WeightValues weights = new WeightValues(model.externalDataFolder().orElse(null));
      List<AttentionBlocks.Block> blocks = AttentionBlocks.of(graph, weights);
      Set<String> idle = idle(model, graph, blocks);
      List<AttentionBlocks.Block> fused =
          blocks.stream().filter(block -> idle.contains(block.mask())).toList();
      return fused.isEmpty() ? Optional.empty() : Optional.of(model.with(with(proto, fused)));
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("Embark made a model that it cannot read", e);
    } catch (OrtException e) {
      throw new UserError("ONNX Runtime cannot measure it: " + e.getMessage(), e);
    }
  }

  /** There is no such kernel for these. */
  private static boolean isHalf(TensorProto weight) {
    return weight.getDataType() == DataType.FLOAT16.getNumber()
        || weight.getDataType() == DataType.BFLOAT16.getNumber();
  }

  /** Those masks that are all 0 where every token is attended: found by computing them. */
  private static Set<String> idle(
      PooledModel model, OnnxGraph graph, List<AttentionBlocks.Block> blocks) throws OrtException {
    Map<String, String> masks = new HashMap<>();
    ModelProto proto = graph.model();
    GraphOps ops = new GraphOps(graph.opset(), graph.tensorNames());
    GraphProto.Builder edited = proto.getGraph().toBuilder().clearOutput();
    for (AttentionBlocks.Block block : blocks) {
      if (!masks.containsKey(block.mask())) {
        String name = "embark_mask_" + masks.size();
        ops.name(ops.cast(block.mask(), DataType.FLOAT), name);
        edited.addOutput(TensorSignature.ofAnyShape(name, DataType.FLOAT));
        masks.put(block.mask(), name);
      }
    }
    if (masks.isEmpty()) {
      return Set.of();
    }
    edited.addAllNode(ops.nodes());
    ModelProto alone = proto.toBuilder().setGraph(LiveGraph.of(edited.build())).build();
    Set<String> idle = new LinkedHashSet<>(masks.keySet());
    try (TextRunner runner = TextRunner.open(model.with(alone))) {
      for (Map<String, float[]> found : List.of(runner.run(new long[SHORT]), ofLongText(runner))) {
        idle.removeIf(mask -> !isZero(found.get(masks.get(mask))));
      }
    }
    return idle;
  }

  /** Sizes on which a mask depends may come from the sum with positions, which are limited. */
  private static Map<String, float[]> ofLongText(TextRunner runner) throws OrtException {
    int length = LONG;
    while (true) {
      try {
        return runner.run(new long[length]);
      } catch (OrtException e) {
        if (length <= SHORT) {
          throw e;
        }
        length /= 2;
      }
    }
  }

  private static boolean isZero(float[] values) {
    for (float value : values) {
      if (value != 0) {
        return false;
      }
    }
    return true;
  }

  private static ModelProto with(ModelProto proto, List<AttentionBlocks.Block> blocks) {
    Map<String, NodeProto> attentions = new HashMap<>();
    for (AttentionBlocks.Block block : blocks) {
      attentions.put(block.output(), node(block));
    }
    GraphProto.Builder edited = proto.getGraph().toBuilder().clearNode();
    List<NodeProto> nodes = new ArrayList<>();
    for (NodeProto node : proto.getGraph().getNodeList()) {
      NodeProto attention = node.getOutputCount() == 1 ? attentions.get(node.getOutput(0)) : null;
      nodes.add(attention == null ? node : attention);
    }
    ModelProto.Builder built =
        proto.toBuilder().setGraph(LiveGraph.of(edited.addAllNode(nodes).build()));
    return RuntimeOps.declare(built).build();
  }

  private static NodeProto node(AttentionBlocks.Block block) {
    return NodeProto.newBuilder()
        .setOpType("MultiHeadAttention")
        .setDomain(RuntimeOps.DOMAIN)
        .setName(block.output() + "/unmasked")
        .addAllInput(List.of(block.query(), block.key(), block.value()))
        .addOutput(block.output())
        .addAttribute(
            AttributeProto.newBuilder()
                .setName("num_heads")
                .setType(AttributeType.INT)
                .setI(block.heads()))
        .addAttribute(
            AttributeProto.newBuilder()
                .setName("scale")
                .setType(AttributeType.FLOAT)
                .setF(block.scale()))
        .build();
  }
}
