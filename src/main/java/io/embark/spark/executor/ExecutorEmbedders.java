package io.embark.spark.executor;

import io.embark.UserError;
import io.embark.embed.Cores;
import io.embark.embed.Embedder;
import io.embark.embed.EmbedderConfig;
import io.embark.embed.EmbeddingStream;
import io.embark.embed.Setting;
import io.embark.model.store.ModelStore;
import io.embark.onnx.Device;
import io.embark.onnx.DeviceChoice;
import io.embark.onnx.OnnxRuntimeJars;
import io.embark.spark.gpu.GpuAddress;
import io.embark.spark.gpu.TaskGpu;
import io.embark.spark.metrics.JvmMetrics;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.util.TaskCompletionListener;
import org.apache.spark.util.ThreadUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The embedders of this JVM: one for each device and each set of settings, opened by the first task
 * that needs it, closed when no task has used it for a while ({@link ExecutorSettings}).
 */
public final class ExecutorEmbedders {
  private static final Logger LOG = LoggerFactory.getLogger(ExecutorEmbedders.class);

  /** Finds and opens devices; tests on machines without GPUs put their own in place. */
  public interface Devices {
    /** As {@link DeviceChoice#of}. */
    default DeviceChoice settle(Device wanted, int gpuIndex) {
      return DeviceChoice.of(wanted, gpuIndex);
    }

    /** As {@link Embedder#open(EmbedderConfig, ModelStore, int)}. */
    default Embedder open(EmbedderConfig config, ModelStore store, DeviceChoice device)
        throws IOException {
      return Embedder.open(config, store, Math.max(0, device.gpu()));
    }

    /** The devices of this machine. */
    Devices OF_THIS_MACHINE = new Devices() {};
  }

  private static volatile Devices devices = Devices.OF_THIS_MACHINE;

  private static Leases<Key, Embedder> leases;

  private static final GpuAddress VISIBLE = GpuAddress.ofThisProcess();

  private ExecutorEmbedders() {}

  private record Key(EmbedderConfig config, DeviceChoice device) {}

  private record Lease(Key key, Embedder embedder) {}

  /** Made when first asked for, as Spark's configuration must be there. */
  private static synchronized Leases<Key, Embedder> leases() {
    if (leases == null) {
      ExecutorSettings settings = ExecutorSettings.ofThisJvm();
      Leases<Key, Embedder> made =
          new Leases<>(
              Key::device,
              settings.models(),
              settings.idle(),
              ExecutorEmbedders::close,
              System::nanoTime);
      ScheduledExecutorService clock =
          ThreadUtils.newDaemonSingleThreadScheduledExecutor("embark-idle");
      clock.scheduleWithFixedDelay(made::closeIdle, 1, 1, TimeUnit.MINUTES);
      JvmMetrics.openSessions(made::size);
      Runtime.getRuntime().addShutdownHook(new Thread(made::closeAll, "embark-close"));
      leases = made;
    }
    return leases;
  }

  /**
   * The embedder of the running task, which keeps it until it ends.
   *
   * @throws IllegalStateException if the device asked for cannot be had, or no task is running
   * @throws UserError if model and settings do not go together
   */
  public static Embedder get(EmbedderConfig config) {
    TaskContext task = TaskContext.get();
    if (task == null) {
      throw new IllegalStateException(
          "Only a Spark task keeps an embedder until it ends, and none is running on this thread.");
    }
    Lease lease;
    try {
      lease = acquire(config, task);
    } catch (IllegalStateException e) {
      // Of 200 executors, which one?
      throw new IllegalStateException(where() + ": " + e.getMessage(), e);
    }
    TaskCompletionListener giveBack = ended -> leases().release(lease.key());
    task.addTaskCompletionListener(giveBack);
    return lease.embedder();
  }

  /**
   * Works with the embedder that tasks of this JVM use, which stays open meanwhile; for the driver.
   * Throws as {@link #get} does.
   */
  static <T> T with(EmbedderConfig config, Function<Embedder, T> work) {
    Lease lease = acquire(config, TaskContext.get());
    try {
      return work.apply(lease.embedder());
    } finally {
      leases().release(lease.key());
    }
  }

  /**
   * Stops a stream when its task is killed, and closes it when the task ends: a limit that is
   * reached leaves a stream in the middle. Outside a task it changes nothing.
   */
  public static <T, R> EmbeddingStream<T, R> endWithTask(EmbeddingStream<T, R> stream) {
    TaskContext task = TaskContext.get();
    if (task != null) {
      // Typed, or the overload for Scala functions is just as good.
      TaskCompletionListener close = ended -> stream.close();
      task.addTaskCompletionListener(close);
      stream.stopWhen(task::isInterrupted);
    }
    return stream;
  }

  private static Lease acquire(EmbedderConfig config, TaskContext task) {
    OnnxRuntimeJars.requireOne();
    EarlyEmbedder.requireLibraries();
    String address = TaskGpu.address(task);
    Device wanted = config.get(Setting.DEVICE);
    // Without a GPU every task shares one embedder, whatever addresses Spark hands out.
    Key key = new Key(config, devices.settle(wanted, gpuIndex(wanted, address)));
    return new Lease(key, leases().acquire(key, () -> open(key, address)));
  }

  private static String where() {
    SparkEnv env = SparkEnv.get();
    return env == null
        ? "This JVM"
        : "Executor %s on %s"
            .formatted(env.executorId(), env.blockManager().blockManagerId().host());
  }

  /** 0 where nobody hands out GPUs. */
  private static int gpuIndex(Device wanted, String address) {
    if (address == null || wanted == Device.CPU || VISIBLE.hidesAll()) {
      // That CUDA_VISIBLE_DEVICES hides all is found out by trying, as on a machine without any.
      return 0;
    }
    return VISIBLE.index(address);
  }

  private static Embedder open(Key key, String address) {
    long start = System.nanoTime();
    SparkEnv env = SparkEnv.get();
    EmbedderConfig config =
        ExecutorSettings.withThreads(key.config(), env == null ? null : env.conf());
    if (env != null) {
      Cores.limit(ExecutorSettings.taskSlots(env.conf()));
    }
    try {
      Optional<Embedder> early = EarlyEmbedder.take(config, key.device());
      Embedder embedder =
          early.isPresent() ? early.get() : devices.open(config, HostModels.store(), key.device());
      JvmMetrics.modelLoaded();
      LOG.info(
          "Loaded model {} on {}{} in {} ms{} (executor {}, pid {})",
          config.text(Setting.MODEL),
          embedder.device().label(),
          key.device().isGpu() && address != null ? ", GPU address " + address : "",
          (System.nanoTime() - start) / 1_000_000,
          early.isPresent() ? " more than Spark took to start" : "",
          env == null ? "-" : env.executorId(),
          ProcessHandle.current().pid());
      return embedder;
    } catch (IOException e) {
      throw HostModels.unreadable(config, "on this host", e);
    }
  }

  private static void close(Embedder embedder) {
    LOG.info(
        "Closing model {} on {}", embedder.config().text(Setting.MODEL), embedder.device().label());
    embedder.close();
  }

  /** For tests: how sessions of this JVM come to a device from now on. */
  public static void use(Devices others) {
    devices = others;
  }
}
