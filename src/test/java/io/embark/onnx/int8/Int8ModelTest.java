package io.embark.onnx.int8;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import io.embark.batch.Batch;
import io.embark.onnx.BertModels;
import io.embark.onnx.Device;
import io.embark.onnx.DeviceChoice;
import io.embark.onnx.Encoders;
import io.embark.onnx.Execution;
import io.embark.onnx.ExternalWeights;
import io.embark.onnx.GpuOptions;
import io.embark.onnx.OnnxEncoder;
import io.embark.onnx.Precision;
import io.embark.onnx.Sessions;
import io.embark.onnx.graph.GraphOutput.PooledOutput;
import io.embark.onnx.graph.PooledGraph;
import io.embark.onnx.graph.PooledGraph.PoolingMask;
import io.embark.onnx.graph.PooledModel;
import io.embark.pooling.Layers;
import io.embark.pooling.Norm;
import io.embark.pooling.Pooling;
import io.embark.testing.TinyModels;
import io.embark.token.Tokens;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class Int8ModelTest {
  private static final List<PooledOutput> MEAN = List.of(PooledOutput.of("mean", Pooling.MEAN));

  /** Four blocks of query, key, value, output and two feed-forward layers. */
  private static final int DENSE_LAYERS = 24;

  @TempDir Path folder;

  private static long count(PooledModel model, String operator) throws Exception {
    return ModelProto.parseFrom(model.bytes()).getGraph().getNodeList().stream()
        .filter(node -> node.getOpType().equals(operator))
        .count();
  }

  private static double cosine(float[] a, float[] b, int row, int dim) {
    double dot = 0;
    double squaresA = 0;
    double squaresB = 0;
    for (int i = row * dim; i < (row + 1) * dim; i++) {
      dot += a[i] * b[i];
      squaresA += a[i] * a[i];
      squaresB += b[i] * b[i];
    }
    return dot / Math.sqrt(squaresA * squaresB);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "onnx/bert-opset11.onnx",
        "onnx/bert-opset14.onnx",
        "onnx/bert-opset17.onnx",
        "onnx/bert-dynamo-opset21.onnx",
        "onnx/bert-opset14-fused.onnx"
      })
  void everyDenseLayerMultipliesIntegersAndVectorsStayClose(String resource) throws Exception {
    PooledModel exact = BertModels.open(resource, folder).add(MEAN);
    PooledModel int8 = Int8Model.of(exact, BertModels.TEXTS, Sessions::runTexts);
    assertThat(count(int8, "MatMulIntegerToFloat")).isEqualTo(DENSE_LAYERS);
    // Query, key and value share their input; so do not the three others of a block.
    assertThat(count(int8, "QuantizeLinear")).isEqualTo(16);
    float[] wanted = BertModels.run(exact).get("mean");
    float[] found = BertModels.run(int8).get("mean");
    assertThat(found).isNotEqualTo(wanted);
    for (int row = 0; row < BertModels.TEXTS.size(); row++) {
      assertThat(cosine(wanted, found, row, BertModels.HIDDEN)).isGreaterThan(0.99);
    }
  }

  @Test
  void layersAndSeparateMasksAreThereAsInFloat() throws Exception {
    List<PooledOutput> outputs =
        List.of(
            new PooledOutput("both", Pooling.MEAN, Layers.of("first+last"), 0, Norm.L2),
            PooledOutput.of("pooler", Pooling.POOLER));
    PooledModel exact =
        BertModels.open("onnx/bert-opset14.onnx", folder).add(outputs, PoolingMask.SEPARATE);
    PooledModel int8 = Int8Model.of(exact, BertModels.TEXTS, Sessions::runTexts);
    assertThat(int8.outputs()).isEqualTo(exact.outputs());
    assertThat(int8.inputs()).isEqualTo(exact.inputs());
    assertThat(int8.inputs()).contains(PooledGraph.POOLING_MASK);
  }

  @Test
  void weightsInOtherFilesAreFound() throws Exception {
    Path inside = BertModels.copy("onnx/bert-opset14.onnx", folder);
    ModelProto proto = ModelProto.parseFrom(Files.readAllBytes(inside));
    Path apart = Files.createDirectory(folder.resolve("apart"));
    Path file = ExternalWeights.save(proto, apart, "weights.bin");
    PooledModel ofOne =
        Int8Model.of(PooledGraph.of(inside).add(MEAN), BertModels.TEXTS, Sessions::runTexts);
    PooledModel ofTwo =
        Int8Model.of(PooledGraph.of(file).add(MEAN), BertModels.TEXTS, Sessions::runTexts);
    assertThat(BertModels.run(ofTwo).get("mean")).isEqualTo(BertModels.run(ofOne).get("mean"));
  }

  @Test
  void aTextAloneIsTheTextInABatch() throws Exception {
    Path file = BertModels.copy("onnx/bert-opset14.onnx", folder);
    List<Tokens> texts = BertModels.TEXTS.stream().map(ids -> new Tokens(ids, ids.length)).toList();
    Execution execution = Encoders.CPU;
    try (OnnxEncoder encoder =
        OnnxEncoder.open(
            file, execution, MEAN, PoolingMask.ATTENTION, Precision.INT8, () -> BertModels.TEXTS)) {
      float[] together =
          Encoders.encode(encoder, Batch.of(texts, new int[] {3, 1, 0, 2}, 0), null).get(0);
      int row = 0;
      for (int text : new int[] {3, 1, 0, 2}) {
        float[] alone = Encoders.encode(encoder, Batch.of(texts, new int[] {text}, 0), null).get(0);
        for (int h = 0; h < BertModels.HIDDEN; h++) {
          assertThat(together[row * BertModels.HIDDEN + h]).isCloseTo(alone[h], within(1e-3f));
        }
        row++;
      }
    }
  }

  @Test
  void whatHasNoFloatWeightsIsRefused() throws Exception {
    PooledModel half = BertModels.open("onnx/bert-opset14-float16.onnx", folder).add(MEAN);
    assertThatThrownBy(() -> Int8Model.of(half, BertModels.TEXTS, Sessions::runTexts))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("precision int8", "float16", "precision float");
    PooledModel table =
        PooledGraph.of(TinyModels.graph().hiddenSize(6).write(folder.resolve("tiny.onnx")))
            .add(MEAN);
    assertThatThrownBy(() -> Int8Model.of(table, BertModels.TEXTS, Sessions::runTexts))
        .hasMessageContaining("no MatMul");
  }

  @Test
  void aModelThatMissesTheCosineIsRefused() throws Exception {
    PooledModel exact = BertModels.open("onnx/bert-opset14.onnx", folder).add(MEAN);
    assertThatThrownBy(
            () -> new Int8Model(exact, BertModels.TEXTS, Sessions::runTexts).quantized(1.01))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("costs this model too much", "24", "1.01", "precision float");
  }

  @Test
  void aShareOfTheLayersMayStayInFloat() throws Exception {
    PooledModel exact = BertModels.open("onnx/bert-opset14.onnx", folder).add(MEAN);
    PooledModel half = new Int8Model(exact, BertModels.TEXTS, Sessions::runTexts).with(0.5);
    assertThat(count(half, "MatMulIntegerToFloat")).isEqualTo(DENSE_LAYERS / 2);
    assertThat(BertModels.run(half).get("mean")).hasSameSizeAs(BertModels.run(exact).get("mean"));
  }

  @Test
  void aGpuIsRefusedBeforeTheModelIsRead() {
    Execution gpu = new Execution(new DeviceChoice(Device.CUDA, 0), 1, GpuOptions.DEFAULT, true);
    assertThatThrownBy(
            () ->
                OnnxEncoder.open(
                    folder.resolve("missing.onnx"),
                    gpu,
                    MEAN,
                    PoolingMask.ATTENTION,
                    Precision.INT8,
                    List::of))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("precision int8 is for CPUs", "device cpu", "gpu-tensorrt-fp16");
  }

  @Test
  void aBiasIsTakenAlongOnlyWhereNothingElseReadsTheProduct() throws Exception {
    ModelProto proto =
        ModelProto.parseFrom(Files.readAllBytes(BertModels.copy("onnx/bert-opset14.onnx", folder)));
    DenseLayer first = DenseLayer.of(proto.getGraph()).get(0);
    assertThat(first.bias()).isNotNull();
    String product = proto.getGraph().getNode(first.node()).getOutput(0);
    ModelProto.Builder shared = proto.toBuilder();
    shared
        .getGraphBuilder()
        .addNode(
            NodeProto.newBuilder().setOpType("Neg").addInput(product).addOutput("another reader"));
    DenseLayer without = DenseLayer.of(shared.build().getGraph()).get(0);
    assertThat(without.bias()).isNull();
    assertThat(without.output()).isEqualTo(product);
  }
}
