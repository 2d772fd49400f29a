package io.embark.onnx.graph;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.WireFormat;
import io.embark.UserError;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
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
    try (FileChannel file = FileChannel.open(onnxFile)) {
      long size = Math.min(file.size(), Integer.MAX_VALUE);
      ByteBuffer bytes = file.map(FileChannel.MapMode.READ_ONLY, 0, size);
      CodedInputStream model = CodedInputStream.newInstance(bytes);
      model.setSizeLimit(Integer.MAX_VALUE);
      readModel(model, outputs);
    } catch (InvalidProtocolBufferException e) {
      return Optional.empty();
    }
    return outputs.isEmpty() ? Optional.empty() : Optional.of(new GraphSignature(outputs));
  }

  private static void readModel(CodedInputStream model, List<TensorSignature> outputs)
      throws IOException {
    for (int tag = model.readTag(); tag != 0; tag = model.readTag()) {
      if (isMessage(tag, ModelProto.GRAPH_FIELD_NUMBER)) {
        int outer = model.pushLimit(model.readRawVarint32());
        for (int inner = model.readTag(); inner != 0; inner = model.readTag()) {
          if (isMessage(inner, GraphProto.OUTPUT_FIELD_NUMBER)) {
            byte[] output = model.readByteArray();
            outputs.add(TensorSignature.of(ValueInfoProto.parseFrom(output)));
          } else {
            model.skipField(inner);
          }
        }
        model.popLimit(outer);
      } else {
        model.skipField(tag);
      }
    }
  }

  private static boolean isMessage(int tag, int field) {
    return WireFormat.getTagFieldNumber(tag) == field
        && WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED;
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
