package io.embark.onnx;

import ai.onnx.proto.OnnxMl.*;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtProvider;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import io.embark.onnx.graph.TensorSignature;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The device one session runs on, settled in the JVM that runs it: the machine that plans a job
 * says nothing about the GPUs of the machines that do the work.
 *
 * @param device {@code CPU}, {@code CUDA} or {@code TENSORRT}, no longer {@code AUTO}
 * @param gpu CUDA device index; -1 on the CPU
 */
public record DeviceChoice(Device device, int gpu) {
  private static final Logger LOG = LoggerFactory.getLogger(DeviceChoice.class);

  /** The reason that a device cannot be used, if so; finding out takes seconds. */
  private static final Map<DeviceChoice, Optional<String>> PROBLEMS = new ConcurrentHashMap<>();

  private static final AtomicBoolean WARNED = new AtomicBoolean();

  public static final DeviceChoice CPU = new DeviceChoice(Device.CPU, -1);

  /**
   * Settles on a device, looking into each question once per JVM.
   *
   * @param gpuIndex which GPU of this machine the task was given; 0 if nobody said
   * @throws IllegalStateException if a GPU is asked for and cannot be had, with the reason
   */
  public static DeviceChoice of(Device wanted, int gpuIndex) {
    if (wanted == Device.CPU) {
      return CPU;
    }
    DeviceChoice gpu = new DeviceChoice(wanted == Device.AUTO ? Device.CUDA : wanted, gpuIndex);
    Optional<String> problem =
        PROBLEMS.computeIfAbsent(
            new DeviceChoice(wanted, gpuIndex), asked -> gpu.problem(wanted.needsGpu()));
    if (problem.isEmpty()) {
      return gpu;
    }
    if (wanted.needsGpu()) {
      throw new IllegalStateException(
          "Cannot run on %s device %d: %s Mend that, or use device auto (falls back to the CPU) or cpu."
              .formatted(wanted, gpuIndex, problem.get()));
    }
    if (WARNED.compareAndSet(false, true)) {
      LOG.warn("Device auto: running on the CPU. {}", problem.get());
    }
    return CPU;
  }

  /**
   * Why this GPU cannot be used, found out by a session of one operator. Where nobody insists, a
   * machine that plainly has no GPU is spared the unpacking of 370 MB.
   */
  private Optional<String> problem(boolean insists) {
    // Before any CUDA call: without an environment ONNX Runtime hides the cause behind "no logger".
    OrtEnvironment environment = OnnxRuntime.environment();
    OrtProvider provider = device == Device.TENSORRT ? OrtProvider.TENSOR_RT : OrtProvider.CUDA;
    if (!OrtEnvironment.getAvailableProviders().contains(provider)) {
      return Optional.of(
          "this build carries the CPU-only artifact onnxruntime; build without the profile 'cpu'"
              + " to get onnxruntime_gpu.");
    }
    if (!insists && !driverPresent()) {
      return Optional.of("No NVIDIA driver on this machine (no /dev/nvidiactl).");
    }
    try (SessionOptions options = new SessionOptions()) {
      new Execution(this, 1, GpuOptions.DEFAULT, true).addTo(options, null);
      try (OrtSession session = environment.createSession(oneOperator(), options)) {
        return session.getNumOutputs() == 1
            ? Optional.empty()
            : Optional.of("the session has no output.");
      }
    } catch (OrtException e) {
      return Optional.of(
          "%s (ONNX Runtime says: %s)"
              .formatted(CudaLibraries.explain(device), e.getMessage().strip()));
    }
  }

  private static byte[] oneOperator() {
    GraphProto.Builder graph =
        GraphProto.newBuilder()
            .setName("probe")
            .addInput(TensorSignature.declare("x", DataType.FLOAT, "n"))
            .addOutput(TensorSignature.declare("y", DataType.FLOAT, "n"))
            .addNode(NodeProto.newBuilder().setOpType("Neg").addInput("x").addOutput("y"));
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

  public boolean isGpu() {
    return device.needsGpu();
  }

  /** {@code cpu}, {@code cuda:N} or {@code tensorrt:N}. */
  public String label() {
    return isGpu() ? device.label() + ":" + gpu : device.label();
  }
}
