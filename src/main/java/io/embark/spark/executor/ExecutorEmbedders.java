package io.embark.spark.executor;

import io.embark.UserError;
import io.embark.embed.Cores;
import io.embark.embed.Embedder;
import io.embark.embed.EmbedderConfig;
import io.embark.embed.Setting;
import io.embark.model.store.ModelStore;
import io.embark.onnx.Device;
import io.embark.onnx.DeviceChoice;
import io.embark.onnx.OnnxRuntimeJars;
import io.embark.spark.gpu.GpuAddress;
import io.embark.spark.gpu.TaskGpu;
import io.embark.spark.metrics.JvmMetrics;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext$;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.util.TaskCompletionListener;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The embedders of this JVM: one for each device and each set of settings, opened by the first task
 * that needs it, shared by all, closed when no task has used it for a while ({@link
 * ExecutorSettings}) or when the JVM ends.
 */
public final class ExecutorEmbedders {
  private static final Logger LOG = LoggerFactory.getLogger(ExecutorEmbedders.class);

  /** How a session comes to a device; tests on machines without GPUs put their own in place. */
  public interface Devices {
    /** As {@link DeviceChoice#of}. */
    DeviceChoice settle(Device wanted, int gpuIndex);

    /** As {@link Embedder#open(EmbedderConfig, ModelStore, int)}. */
    Embedder open(EmbedderConfig config, ModelStore store, DeviceChoice device) throws IOException;

    /** The devices of this machine. */
    Devices OF_THIS_MACHINE =
        new Devices() {
          @Override
          public DeviceChoice settle(Device wanted, int gpuIndex) {
            return DeviceChoice.of(wanted, gpuIndex);
          }

          @Override
          public Embedder open(EmbedderConfig config, ModelStore store, DeviceChoice device)
              throws IOException {
            return Embedder.open(config, store, Math.max(0, device.gpu()));
          }
        };
  }

  private static volatile Devices devices = Devices.OF_THIS_MACHINE;

  private static Leases<Key, Embedder> leases;

  /** As executors of every cluster manager are told. */
  private static final Pattern GIVEN_CORES = Pattern.compile(" --cores (\\d{1,6})\\b");

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
          Executors.newSingleThreadScheduledExecutor(
              work -> {
                Thread thread = new Thread(work, "embark-idle");
                thread.setDaemon(true);
                return thread;
              });
      clock.scheduleWithFixedDelay(made::closeIdle, 1, 1, TimeUnit.MINUTES);
      Runtime.getRuntime().addShutdownHook(new Thread(made::closeAll, "embark-close"));
      leases = made;
    }
    return leases;
  }

  /**
   * The embedder of the running task, which keeps it until it ends.
   *
   * @throws IllegalStateException if the device asked for cannot be had, or no task is running:
   *     nothing would keep others from closing the embedder then, see {@link #with}
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
   *
   * @param work not to hand the embedder on
   * @throws IllegalStateException if the device asked for cannot be had
   * @throws UserError if model and settings do not go together
   */
  static <T> T with(EmbedderConfig config, Function<Embedder, T> work) {
    Lease lease = acquire(config, TaskContext.get());
    try {
      return work.apply(lease.embedder());
    } finally {
      leases().release(lease.key());
    }
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

  /** How many are open or being opened. */
  public static synchronized int open() {
    return leases == null ? 0 : leases.size();
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
    EmbedderConfig config =
        withThreads(key.config(), SparkEnv.get() == null ? null : SparkEnv.get().conf());
    if (SparkEnv.get() != null) {
      Cores.limit(slots(SparkEnv.get().conf()));
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

  private static void close(Embedder embedder) {
    LOG.info(
        "Closing model {} on {}", embedder.config().text(Setting.MODEL), embedder.device().label());
    embedder.close();
  }

  /** Settings with a number of threads, where they leave it open. */
  static EmbedderConfig withThreads(EmbedderConfig config, SparkConf conf) {
    return config.get(Setting.INTRA_OP_THREADS) != 0
        ? config
        : config.toBuilder().intraOpThreads(intraOpThreads(conf)).build();
  }

  /**
   * The session's thread pool is shared by the executor's task slots, and each running task adds
   * its own thread. With one CPU per task that is all it takes; with more, the pool gets the rest.
   */
  private static int intraOpThreads(SparkConf conf) {
    if (conf == null) {
      return 1;
    }
    return slots(conf) * (conf.getInt("spark.task.cpus", 1) - 1) + 1;
  }

  private static int slots(SparkConf conf) {
    return slots(conf, System.getProperty("sun.java.command", ""));
  }

  /**
   * How many tasks run at the same time in this JVM.
   *
   * @param command that started it: where {@code spark.executor.cores} is not set, a cluster
   *     manager gives an executor all cores of its worker or just one, and only there it says how
   *     many
   */
  static int slots(SparkConf conf, String command) {
    int cores = localCores(conf.get("spark.master", ""));
    if (cores == 0) {
      Matcher given = GIVEN_CORES.matcher(command);
      cores =
          given.find() ? Integer.parseInt(given.group(1)) : conf.getInt("spark.executor.cores", 1);
    }
    return Math.max(1, cores / conf.getInt("spark.task.cpus", 1));
  }

  /** Of a local master; 0 for any other. */
  private static int localCores(String master) {
    return master.equals("local") || master.startsWith("local[")
        ? SparkContext$.MODULE$.numDriverCores(master)
        : 0;
  }

  /** For tests: how sessions of this JVM come to a device from now on. */
  public static void use(Devices others) {
    devices = others;
  }
}
