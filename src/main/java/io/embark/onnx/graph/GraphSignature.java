package io.embark.onnx.graph;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import io.embark.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The outputs of an {@code .onnx} file, read without its nodes and weights. */
public record GraphSignature(List<TensorSignature> outputs) {

  /**
   * @return empty if there is no such file or it is no ONNX model, which opening it reports better
   */
  public static Optional<GraphSignature> of(Path onnxFile) throws IOException {
    if (!Files.isRegularFile(onnxFile)) {
      return Optional.empty();
    }
    List<TensorSignature> outputs = new ArrayList<>();
    boolean read =
        MessageScan.of(
            onnxFile,
            message -> outputs.add(TensorSignature.of(ValueInfoProto.parseFrom(message))),
            ModelProto.GRAPH_FIELD_NUMBER,
            GraphProto.OUTPUT_FIELD_NUMBER);
    return read && !outputs.isEmpty() ? Optional.of(new GraphSignature(outputs)) : Optional.empty();
  }

  /** Whether an output holds the states of tokens, so that they can be pooled. */
  public boolean givesTokenStates(GraphTraits traits) {
    try {
      return ModelOutputs.of(outputs, traits).tokenStates().isPresent();
    } catch (UserError e) {
      // Told with more words when the graph is opened.
      return true;
    }
  }

  /** The output that holds a finished vector, if there is one. */
  public Optional<String> sentenceEmbedding(GraphTraits traits) {
    try {
      return ModelOutputs.of(outputs, traits).sentenceEmbedding().map(TensorSignature::name);
    } catch (UserError e) {
      return Optional.empty();
    }
  }
}
