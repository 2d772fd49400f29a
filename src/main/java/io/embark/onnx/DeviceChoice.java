package io.embark.onnx;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtProvider;
import ai.onnxruntime.OrtSession.SessionOptions;
import ai.onnxruntime.providers.OrtCUDAProviderOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The device one session runs on, settled in the JVM that runs it: the machine that plans a job
 * says nothing about the GPUs of the machines that do the work.
 *
 * @param gpu CUDA device index, or {@link #CPU_INDEX} for the CPU
 */
public record DeviceChoice(int gpu) {
  private static final Logger LOG = LoggerFactory.getLogger(DeviceChoice.class);
  private static final int CPU_INDEX = -1;

  /** What came of each question; asking takes seconds and the answer does not change. */
  private static final Map<Question, Answer> ANSWERS = new ConcurrentHashMap<>();

  private static final AtomicBoolean WARNED = new AtomicBoolean();

  /** The CPU. */
  public static final DeviceChoice CPU = new DeviceChoice(CPU_INDEX);

  private record Question(Device wanted, int gpuIndex) {}

  /**
   * @param problem why there is no GPU; null if there is one
   */
  private record Answer(DeviceChoice choice, String problem) {}

  /**
   * Settles on a device. Each question is looked into once per JVM; equal choices can share one
   * session.
   *
   * @param wanted what the user asked for
   * @param gpuIndex which GPU of this machine the task was given; 0 if nobody said
   * @throws IllegalStateException if {@link Device#CUDA} is asked for and cannot be had, with the
   *     reason
   */
  public static DeviceChoice of(Device wanted, int gpuIndex) {
    if (wanted == Device.CPU) {
      return CPU;
    }
    Answer answer = ANSWERS.computeIfAbsent(new Question(wanted, gpuIndex), DeviceChoice::lookInto);
    if (answer.problem() == null) {
      return answer.choice();
    }
    if (wanted == Device.CUDA) {
      throw new IllegalStateException(
          "Cannot run on CUDA device "
              + gpuIndex
              + ": "
              + answer.problem()
              + " Mend that, or use device auto (falls back to the CPU) or cpu.");
    }
    if (WARNED.compareAndSet(false, true)) {
      LOG.warn("Device auto: running on the CPU. {}", answer.problem());
    }
    return CPU;
  }

  private static Answer lookInto(Question question) {
    // Before any CUDA call: without an environment ONNX Runtime hides the cause behind "no logger".
    OrtEnvironment.getEnvironment();
    String problem = cudaProblem(question.wanted(), question.gpuIndex());
    return problem == null
        ? new Answer(new DeviceChoice(question.gpuIndex()), null)
        : new Answer(CPU, problem);
  }

  /** Why CUDA cannot be used, or null if it can. */
  private static String cudaProblem(Device wanted, int gpuIndex) {
    if (!OrtEnvironment.getAvailableProviders().contains(OrtProvider.CUDA)) {
      return "this build carries the CPU-only artifact onnxruntime; build without the profile 'cpu'"
          + " to get onnxruntime_gpu.";
    }
    // Trying CUDA unpacks 370 MB, so a machine that plainly has no GPU is spared that.
    if (wanted == Device.AUTO && !driverPresent()) {
      return "No NVIDIA driver on this machine (no /dev/nvidiactl).";
    }
    try (SessionOptions options = new SessionOptions();
        OrtCUDAProviderOptions cuda = new OrtCUDAProviderOptions(gpuIndex)) {
      options.addCUDA(cuda);
      return null;
    } catch (OrtException e) {
      return CudaLibraries.explain() + " (ONNX Runtime says: " + e.getMessage().strip() + ")";
    }
  }

  private static boolean driverPresent() {
    String os = System.getProperty("os.name");
    // WSL has the paravirtual /dev/dxg; on Windows there is no such file to look for.
    return os.startsWith("Windows")
        || Files.exists(Path.of("/dev/nvidiactl"))
        || Files.exists(Path.of("/dev/dxg"));
  }

  public boolean isGpu() {
    return gpu != CPU_INDEX;
  }

  /** {@code cpu} or {@code cuda:N}. */
  public String label() {
    return isGpu() ? "cuda:" + gpu : "cpu";
  }

  /** Adds this device's execution provider. */
  void addTo(SessionOptions options) throws OrtException {
    if (isGpu()) {
      try (OrtCUDAProviderOptions cuda = new OrtCUDAProviderOptions(gpu)) {
        options.addCUDA(cuda);
      }
    }
  }
}
