package io.embark.spark;

import io.embark.onnx.Device;
import io.embark.onnx.DeviceChoice;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.LongSupplier;

/**
 * The devices of this JVM, each settled once. A refusal is remembered for a while too: finding out
 * unpacks 370 MB, and Spark tries a failed task again at once, several times on each executor.
 */
final class SettledDevices {
  private static final Duration REFUSAL_HOLDS = Duration.ofMinutes(1);

  private final BiFunction<Device, Integer, DeviceChoice> settle;
  private final LongSupplier nanoClock;
  private final Map<Wanted, DeviceChoice> settled = new HashMap<>();
  private final Map<Wanted, Refusal> refused = new HashMap<>();

  private record Wanted(Device device, int gpuIndex) {}

  private record Refusal(String message, long nanos) {}

  /**
   * @param settle as {@link DeviceChoice#of}
   * @param nanoClock as {@link System#nanoTime}
   */
  SettledDevices(BiFunction<Device, Integer, DeviceChoice> settle, LongSupplier nanoClock) {
    this.settle = settle;
    this.nanoClock = nanoClock;
  }

  /**
   * The device for a task.
   *
   * @throws IllegalStateException if what is wanted cannot be had
   */
  synchronized DeviceChoice of(Device device, int gpuIndex) {
    Wanted wanted = new Wanted(device, gpuIndex);
    Refusal refusal = refused.get(wanted);
    if (refusal != null && nanoClock.getAsLong() - refusal.nanos() < REFUSAL_HOLDS.toNanos()) {
      throw new IllegalStateException(refusal.message());
    }
    DeviceChoice known = settled.get(wanted);
    if (known != null) {
      return known;
    }
    try {
      DeviceChoice choice = settle.apply(device, gpuIndex);
      settled.put(wanted, choice);
      return choice;
    } catch (IllegalStateException e) {
      refused.put(wanted, new Refusal(e.getMessage(), nanoClock.getAsLong()));
      throw e;
    }
  }
}
