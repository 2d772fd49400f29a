package io.embark.onnx.graph;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.embark.onnx.StatesModel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 30, threadMode = ThreadMode.SEPARATE_THREAD)
class GraphStructureTest {
  @TempDir Path folder;

  private Path with(NodeProto.Builder... nodes) throws Exception {
    ModelProto.Builder model = StatesModel.of(14, DataType.FLOAT).toBuilder();
    for (NodeProto.Builder node : nodes) {
      model.getGraphBuilder().addNode(node);
    }
    return Files.write(folder.resolve("model.onnx"), model.build().toByteArray());
  }

  @Test
  void aTensorMadeOfItself() throws Exception {
    Path file =
        with(
            NodeProto.newBuilder()
                .setName("one")
                .setOpType("Identity")
                .addInput("y")
                .addOutput("x"),
            NodeProto.newBuilder().setName("two").setOpType("Cast").addInput("x").addOutput("y"));
    assertThatThrownBy(() -> PooledGraph.of(file))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("model.onnx")
        .hasMessageContaining("node `one` (Identity) makes is also what it is made of");
  }

  @Test
  void anOperatorOfNothing() throws Exception {
    Path file = with(NodeProto.newBuilder().setName("sub").setOpType("Sub").addOutput("x"));
    assertThatThrownBy(() -> PooledGraph.of(file))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("node `sub` (Sub) has 0 inputs, wanted is 2");
  }

  /** Takes no longer than in the other order: the time limit of this class is for it, too. */
  @Test
  void aLongChainThatStandsFromBackToFront() {
    int length = 200_000;
    NodeProto.Builder[] chain = new NodeProto.Builder[length];
    for (int i = 0; i < length; i++) {
      chain[i] =
          NodeProto.newBuilder()
              .setOpType("Identity")
              .addInput("chain" + (length - i))
              .addOutput("chain" + (length - i + 1));
    }
    assertThatCode(() -> PooledGraph.of(with(chain))).doesNotThrowAnyException();
  }
}
