package io.embark.onnx.graph;

import ai.onnx.proto.OnnxMl.ModelProto;
import com.google.protobuf.InvalidProtocolBufferException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A model whose outputs are those asked of {@link PooledGraph#add}, ready to be loaded.
 *
 * @param bytes the content of the {@code .onnx} file, without weights kept in other files
 * @param externalDataFolder where the other files with weights lie, if there are any
 * @param approximateGelu whether the session may compute GELU by a tanh
 */
public record PooledModel(
    byte[] bytes,
    Optional<Path> externalDataFolder,
    List<Output> outputs,
    List<String> inputs,
    boolean approximateGelu) {
  public PooledModel {
    outputs = List.copyOf(outputs);
    inputs = List.copyOf(inputs);
  }

  /**
   * One output, float32.
   *
   * @param rank 2 for {@code [B, dim]}, 3 for token states {@code [B, L, dim]}
   */
  public record Output(String name, int rank, int dim) {}

  public ModelProto proto() {
    try {
      return ModelProto.parseFrom(bytes);
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("Embark made a model that it cannot read", e);
    }
  }

  /** The same model in another form: same inputs, outputs and place of external weights. */
  public PooledModel with(ModelProto other) {
    return new PooledModel(
        other.toByteArray(), externalDataFolder, outputs, inputs, approximateGelu);
  }

  /** For a model that is rounded more coarsely anyway. */
  public PooledModel withApproximateGelu() {
    return new PooledModel(bytes, externalDataFolder, outputs, inputs, true);
  }
}
