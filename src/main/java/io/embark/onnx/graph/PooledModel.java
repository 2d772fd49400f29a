package io.embark.onnx.graph;

import ai.onnx.proto.OnnxMl.ModelProto;
import com.google.protobuf.InvalidProtocolBufferException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** A model whose outputs are those asked of {@link PooledGraph#add}, ready to be loaded. */
public final class PooledModel {
  private final byte[] bytes;
  private final Path externalDataFolder;
  private final List<Output> outputs;
  private final List<String> inputs;
  private final boolean approximateGelu;

  /**
   * One output, float32.
   *
   * @param rank 2 for {@code [B, dim]}, 3 for token states {@code [B, L, dim]}
   */
  public record Output(String name, int rank, int dim) {}

  /**
   * @param externalDataFolder where weights lie that the model keeps in other files; null if it
   *     keeps none there
   */
  PooledModel(byte[] bytes, Path externalDataFolder, List<Output> outputs, List<String> inputs) {
    this(bytes, externalDataFolder, outputs, inputs, false);
  }

  private PooledModel(
      byte[] bytes,
      Path externalDataFolder,
      List<Output> outputs,
      List<String> inputs,
      boolean approximateGelu) {
    this.bytes = bytes;
    this.externalDataFolder = externalDataFolder;
    this.outputs = List.copyOf(outputs);
    this.inputs = List.copyOf(inputs);
    this.approximateGelu = approximateGelu;
  }

  /** The content of the {@code .onnx} file, without weights kept in other files. Not a copy. */
  public byte[] bytes() {
    return bytes;
  }

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

  public Optional<Path> externalDataFolder() {
    return Optional.ofNullable(externalDataFolder);
  }

  /** In the order they were asked for. */
  public List<Output> outputs() {
    return outputs;
  }

  /** Names of what the graph is fed. */
  public List<String> inputs() {
    return inputs;
  }

  /** Whether the session may compute GELU by a tanh. */
  public boolean approximateGelu() {
    return approximateGelu;
  }

  /** Whether the model has the input {@link PooledGraph#POOLING_MASK}. */
  public boolean needsPoolingMask() {
    return inputs.contains(PooledGraph.POOLING_MASK);
  }
}
