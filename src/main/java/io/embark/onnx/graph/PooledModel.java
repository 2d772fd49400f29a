package io.embark.onnx.graph;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** A model whose outputs are those asked of {@link PooledGraph#add}, ready to be loaded. */
public final class PooledModel {
  /** Where ONNX Runtime (1.20 or newer) looks for weights of a model that comes as bytes. */
  private static final String FOLDER_KEY = "session.model_external_initializers_file_folder_path";

  /**
   * Lets ONNX Runtime compute GELU by a tanh (Hendrycks and Gimpel 2016), which differs from the
   * exact one by 5e-4 at most and is faster on a CPU.
   */
  private static final String GELU_KEY = "optimization.enable_gelu_approximation";

  private final byte[] bytes;
  private final Path externalDataFolder;
  private final List<Output> outputs;
  private final List<String> inputs;
  private final boolean needsPoolingMask;
  private final boolean approximateGelu;

  PooledModel(
      byte[] bytes,
      Path externalDataFolder,
      List<Output> outputs,
      List<String> inputs,
      boolean needsPoolingMask) {
    this(bytes, externalDataFolder, outputs, inputs, needsPoolingMask, false);
  }

  private PooledModel(
      byte[] bytes,
      Path externalDataFolder,
      List<Output> outputs,
      List<String> inputs,
      boolean needsPoolingMask,
      boolean approximateGelu) {
    this.inputs = List.copyOf(inputs);
    this.bytes = bytes;
    this.externalDataFolder = externalDataFolder;
    this.outputs = List.copyOf(outputs);
    this.needsPoolingMask = needsPoolingMask;
    this.approximateGelu = approximateGelu;
  }

  /**
   * One output, float32.
   *
   * @param rank 2 for {@code [B, dim]}, 3 for token states {@code [B, L, dim]}
   */
  public record Output(String name, int rank, int dim) {}

  /** The model as an ONNX file has it, without weights that it keeps in other files. Not a copy. */
  public byte[] bytes() {
    return bytes;
  }

  /** The same model in another form: same inputs, outputs and place of external weights. */
  public PooledModel with(ModelProto other) {
    return new PooledModel(
        other.toByteArray(),
        externalDataFolder,
        outputs,
        inputs,
        needsPoolingMask,
        approximateGelu);
  }

  /** For a model that is rounded more coarsely anyway. */
  public PooledModel withApproximateGelu() {
    return new PooledModel(bytes, externalDataFolder, outputs, inputs, needsPoolingMask, true);
  }

  /** Where the other files with weights lie, if there are any. */
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

  /** Whether the model has the input {@link PooledGraph#POOLING_MASK}. */
  public boolean needsPoolingMask() {
    return needsPoolingMask;
  }

  /**
   * Loads the model. The caller closes the session.
   *
   * @param options gains one entry if weights lie in other files
   */
  public OrtSession open(OrtEnvironment environment, OrtSession.SessionOptions options)
      throws OrtException {
    if (externalDataFolder != null) {
      options.addConfigEntry(FOLDER_KEY, externalDataFolder.toString());
    }
    if (approximateGelu) {
      options.addConfigEntry(GELU_KEY, "1");
    }
    return environment.createSession(bytes, options);
  }
}
