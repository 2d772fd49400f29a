package io.embark.onnx;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtProvider;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import io.embark.onnx.graph.TensorSignature;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Finds out whether a GPU can be used, by opening a session of one operator on it: that needs the
 * libraries, the driver and the device.
 */
final class GpuProbe {
  private GpuProbe() {}

  /**
   * @param insists whether the user asked for it; if not, a machine that plainly has no GPU is
   *     spared the unpacking of 370 MB
   * @return why the GPU cannot be used; empty if it can
   */
  static Optional<String> problem(DeviceChoice choice, boolean insists) {
    // Before any CUDA call: without an environment ONNX Runtime hides the cause behind "no logger".
    OrtEnvironment environment = OnnxRuntime.environment();
    OrtProvider provider =
        choice.device() == Device.TENSORRT ? OrtProvider.TENSOR_RT : OrtProvider.CUDA;
    if (!OrtEnvironment.getAvailableProviders().contains(provider)) {
      return Optional.of(
          "this build carries the CPU-only artifact onnxruntime; build without the profile 'cpu'"
              + " to get onnxruntime_gpu.");
    }
    if (!insists && !driverPresent()) {
      return Optional.of("No NVIDIA driver on this machine (no /dev/nvidiactl).");
    }
    try (SessionOptions options = new SessionOptions()) {
      new Execution(choice, 1, GpuOptions.DEFAULT, true).addTo(options, null);
      try (OrtSession session = environment.createSession(oneOperator(), options)) {
        return session.getNumOutputs() == 1
            ? Optional.empty()
            : Optional.of("the session has no output.");
      }
    } catch (OrtException e) {
      return Optional.of(
          "%s (ONNX Runtime says: %s)"
              .formatted(CudaLibraries.explain(choice.device()), e.getMessage().strip()));
    }
  }

  private static byte[] oneOperator() {
    NodeProto node = NodeProto.newBuilder().setOpType("Neg").addInput("x").addOutput("y").build();
    GraphProto graph =
        GraphProto.newBuilder()
            .setName("probe")
            .addInput(TensorSignature.declare("x", DataType.FLOAT, "n"))
            .addOutput(TensorSignature.declare("y", DataType.FLOAT, "n"))
            .addNode(node)
            .build();
    return ModelProto.newBuilder()
        .setIrVersion(7)
        .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(13))
        .setGraph(graph)
        .build()
        .toByteArray();
  }

  private static boolean driverPresent() {
    String os = System.getProperty("os.name");
    // WSL has the paravirtual /dev/dxg; on Windows there is no such file to look for.
    return os.startsWith("Windows")
        || Files.exists(Path.of("/dev/nvidiactl"))
        || Files.exists(Path.of("/dev/dxg"));
  }
}
