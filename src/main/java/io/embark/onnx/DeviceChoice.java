package io.embark.onnx;

import java.util.Map;
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

  /** The answers so far; finding one takes seconds, and it does not change. */
  private static final Map<Question, Answer> ANSWERS = new ConcurrentHashMap<>();

  private static final AtomicBoolean WARNED = new AtomicBoolean();

  /** The CPU. */
  public static final DeviceChoice CPU = new DeviceChoice(Device.CPU, -1);

  private record Question(Device wanted, int gpuIndex) {}

  /**
   * @param problem why there is no GPU; null if there is one
   */
  private record Answer(DeviceChoice choice, String problem) {}

  /** A GPU through CUDA. */
  public static DeviceChoice cuda(int gpu) {
    return new DeviceChoice(Device.CUDA, gpu);
  }

  /**
   * Settles on a device. Each question is looked into once per JVM; equal choices can share one
   * session.
   *
   * @param wanted what the user asked for
   * @param gpuIndex which GPU of this machine the task was given; 0 if nobody said
   * @throws IllegalStateException if a GPU is asked for and cannot be had, with the reason
   */
  public static DeviceChoice of(Device wanted, int gpuIndex) {
    if (wanted == Device.CPU) {
      return CPU;
    }
    Answer answer = ANSWERS.computeIfAbsent(new Question(wanted, gpuIndex), DeviceChoice::lookInto);
    if (answer.problem() == null) {
      return answer.choice();
    }
    if (wanted.needsGpu()) {
      throw new IllegalStateException(
          "Cannot run on %s device %d: %s Mend that, or use device auto (falls back to the CPU) or cpu."
              .formatted(wanted, gpuIndex, answer.problem()));
    }
    if (WARNED.compareAndSet(false, true)) {
      LOG.warn("Device auto: running on the CPU. {}", answer.problem());
    }
    return CPU;
  }

  private static Answer lookInto(Question question) {
    // Before any CUDA call: without an environment ONNX Runtime hides the cause behind "no logger".
    OnnxRuntime.environment();
    Device device = question.wanted() == Device.AUTO ? Device.CUDA : question.wanted();
    DeviceChoice choice = new DeviceChoice(device, question.gpuIndex());
    String problem = GpuProbe.problem(choice, question.wanted().needsGpu());
    return problem == null ? new Answer(choice, null) : new Answer(CPU, problem);
  }

  public boolean isGpu() {
    return device.needsGpu();
  }

  /** {@code cpu}, {@code cuda:N} or {@code tensorrt:N}. */
  public String label() {
    return isGpu() ? device.label() + ":" + gpu : device.label();
  }
}
