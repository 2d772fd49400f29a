package io.embark.spark;

import io.embark.embed.Embedder;
import io.embark.embed.EmbedderConfig;
import io.embark.embed.Setting;
import io.embark.onnx.Device;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.resource.ResourceInformation;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The embedders of this JVM: one for each device and each set of settings, opened by the first task
 * that needs it, shared by all, closed when the JVM ends.
 */
final class ExecutorEmbedders {
  private static final Logger LOG = LoggerFactory.getLogger(ExecutorEmbedders.class);
  private static final Map<Key, Slot> SLOTS = new ConcurrentHashMap<>();

  static {
    Runtime.getRuntime().addShutdownHook(new Thread(ExecutorEmbedders::closeAll, "embark-close"));
  }

  private ExecutorEmbedders() {}

  private record Key(EmbedderConfig config, int gpuIndex) {}

  /** Holds the lock of one key, so that loading one model does not hold up another. */
  private static final class Slot {
    private Embedder embedder;
  }

  /** The embedder of the running task, or of the driver if none is running. */
  static Embedder get(EmbedderConfig config) {
    // On the CPU every task shares one embedder, whatever GPUs Spark hands out.
    boolean cpu = config.get(Setting.DEVICE) == Device.CPU;
    Key key = new Key(config, cpu ? 0 : gpuIndex(TaskContext.get()));
    Slot slot = SLOTS.computeIfAbsent(key, k -> new Slot());
    synchronized (slot) {
      if (slot.embedder == null) {
        slot.embedder = open(key);
      }
      return slot.embedder;
    }
  }

  private static Embedder open(Key key) {
    long start = System.nanoTime();
    EmbedderConfig config = key.config();
    if (config.get(Setting.INTRA_OP_THREADS) == 0) {
      config = config.toBuilder().intraOpThreads(intraOpThreads()).build();
    }
    try {
      Embedder embedder = Embedder.open(config, HostModels.store(), key.gpuIndex());
      LOG.info(
          "Loaded model {} on {} in {} ms (executor {}, pid {})",
          config.text(Setting.MODEL),
          embedder.device().label(),
          (System.nanoTime() - start) / 1_000_000,
          SparkEnv.get() == null ? "-" : SparkEnv.get().executorId(),
          ProcessHandle.current().pid());
      return embedder;
    } catch (IOException e) {
      throw new UncheckedIOException(
          "Cannot read model %s on this host: %s"
              .formatted(config.text(Setting.MODEL), e.getMessage()),
          e);
    }
  }

  /** The GPU that Spark gave the task; the first one if GPUs are not managed by Spark. */
  private static int gpuIndex(TaskContext task) {
    ResourceInformation gpu = task == null ? null : task.resourcesJMap().get("gpu");
    if (gpu == null || gpu.addresses().length == 0) {
      return 0;
    }
    String address = gpu.addresses()[0];
    try {
      return Integer.parseInt(address.strip());
    } catch (NumberFormatException e) {
      throw new IllegalStateException(
          ("Spark gave this task the GPU address '%s'; wanted a device index such as 0. Check the"
                  + " GPU discovery script.")
              .formatted(address),
          e);
    }
  }

  /**
   * The session's thread pool is shared by the executor's task slots, and each running task adds
   * its own thread. With one CPU per task that is all it takes; with more, the pool gets the rest.
   */
  private static int intraOpThreads() {
    if (SparkEnv.get() == null) {
      return 1;
    }
    SparkConf conf = SparkEnv.get().conf();
    int cpusPerTask = conf.getInt("spark.task.cpus", 1);
    int cores = conf.getInt("spark.executor.cores", Runtime.getRuntime().availableProcessors());
    int slots = Math.max(1, cores / cpusPerTask);
    return slots * (cpusPerTask - 1) + 1;
  }

  /** Closes every embedder of this JVM, after the batches that are running. */
  static void closeAll() {
    for (Slot slot : SLOTS.values()) {
      synchronized (slot) {
        if (slot.embedder != null) {
          slot.embedder.close();
          slot.embedder = null;
        }
      }
    }
  }
}
