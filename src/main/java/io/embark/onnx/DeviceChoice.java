package io.embark.onnx;

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

  /** Why a device cannot be used, if so; finding out takes seconds, and it does not change. */
  private static final Map<Question, Optional<String>> PROBLEMS = new ConcurrentHashMap<>();

  private static final AtomicBoolean WARNED = new AtomicBoolean();

  public static final DeviceChoice CPU = new DeviceChoice(Device.CPU, -1);

  private record Question(Device wanted, int gpuIndex) {}

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
    DeviceChoice gpu = new DeviceChoice(wanted == Device.AUTO ? Device.CUDA : wanted, gpuIndex);
    Optional<String> problem =
        PROBLEMS.computeIfAbsent(
            new Question(wanted, gpuIndex), question -> GpuProbe.problem(gpu, wanted.needsGpu()));
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

  public boolean isGpu() {
    return device.needsGpu();
  }

  /** {@code cpu}, {@code cuda:N} or {@code tensorrt:N}. */
  public String label() {
    return isGpu() ? device.label() + ":" + gpu : device.label();
  }
}
