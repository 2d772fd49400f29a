package io.embark.cli.doctor;

import io.embark.cli.Words;
import io.embark.cli.doctor.DoctorReport.Finding;
import io.embark.cli.doctor.DoctorReport.Place;
import io.embark.embed.EmbedderConfig;
import io.embark.embed.ModelTokenizer;
import io.embark.embed.Setting;
import io.embark.model.ModelDirectory;
import io.embark.spark.executor.Canary;
import io.embark.spark.executor.HostModels;
import io.embark.spark.executor.ReferenceVectors;
import io.embark.token.HfTokenizer;
import java.io.IOException;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.deploy.SparkHadoopUtil;
import org.apache.spark.resource.ResourceInformation;

/**
 * The checks of one place, with what the driver found to compare with.
 *
 * @param run sets this run apart from others in the same JVMs
 * @param config resolved by the driver, or as given if the driver could not open the model
 * @param ids of the canary's sentences on the driver; null as are fingerprint and canary where it
 *     has none
 * @param output where vectors are to go, or null
 * @param threads tasks that share a session
 */
record DoctorTask(
    String run,
    EmbedderConfig config,
    String fingerprint,
    Canary canary,
    List<long[]> ids,
    String output,
    int threads)
    implements Serializable {
  private static final long MOST_WAITING_MILLIS = 300_000;
  private static final long LEAST_WAITING_MILLIS = 1_000;

  /** GPU addresses claimed by a task of this JVM, by run; one empty address without GPUs. */
  private static final Map<String, Set<String>> CLAIMED = new ConcurrentHashMap<>();

  private static final Map<String, AtomicInteger> WORKING = new ConcurrentHashMap<>();

  /**
   * In a task: checks this executor. Returns null if another task of this executor does; such a
   * task keeps its slot meanwhile, so that the tasks still to come go to other executors.
   */
  Place call() throws InterruptedException {
    ResourceInformation gpu = TaskContext.get().resourcesJMap().get("gpu");
    String address = gpu == null || gpu.addresses().length == 0 ? "" : gpu.addresses()[0];
    AtomicInteger working = WORKING.computeIfAbsent(run, r -> new AtomicInteger());
    if (!CLAIMED.computeIfAbsent(run, r -> ConcurrentHashMap.newKeySet()).add(address)) {
      long start = System.currentTimeMillis();
      long waited = 0;
      while (waited < LEAST_WAITING_MILLIS || working.get() > 0 && waited < MOST_WAITING_MILLIS) {
        Thread.sleep(50);
        waited = System.currentTimeMillis() - start;
      }
      return null;
    }
    working.incrementAndGet();
    try {
      SparkEnv env = SparkEnv.get();
      Place place =
          new Place(env.executorId(), env.blockManager().blockManagerId().hostPort(), address);
      place.clock = System.currentTimeMillis();
      HostChecks.run(place, config, output, SparkHadoopUtil.get().conf());
      model(place);
      session(place);
      return place;
    } finally {
      working.decrementAndGet();
    }
  }

  private void model(Place place) {
    place.check(
        "model",
        () -> {
          String found = HostModels.open(config).fingerprint();
          String shown = found.substring(0, 16);
          return fingerprint == null || fingerprint.equals(found)
              ? Finding.ok(shown)
              : Finding.failed(
                  shown + ", on the driver " + fingerprint.substring(0, 16),
                  "Another model lies there under %s: copy the same files everywhere, or name the model by a URI that all read (hdfs://, s3a://)."
                      .formatted(config.text(Setting.MODEL)));
        });
    if (ids != null) {
      place.check(
          "tokenizer",
          () ->
              compareIds(
                  ids(config),
                  ids,
                  "other ids for '%s'",
                  "tokenizer.json or the tokenizer library differs from the driver's."));
    }
  }

  private void session(Place place) {
    SessionProbe[] opened = new SessionProbe[1];
    place.check(
        "session",
        () -> {
          opened[0] = SessionProbe.open(config, threads);
          place.device = opened[0].embedder().device().label();
          place.gpu = opened[0].embedder().device().isGpu();
          place.loadMillis = opened[0].loadMillis();
          return Finding.ok("opens on " + (place.gpu ? "a GPU" : "the CPU"));
        });
    if (opened[0] == null) {
      return;
    }
    if (canary != null) {
      place.check("canary", () -> canary(canary.read(opened[0].embedder())));
    }
    place.check(
        "speed",
        () -> {
          place.speeds = opened[0].measure();
          return Finding.ok("measured");
        });
  }

  private Finding canary(Canary.Reading reading) {
    if (reading.within()) {
      return Finding.ok("as " + canary.origin() + " vectors");
    }
    String numbers =
        Words.of("cosine %.6f, difference %.1e", reading.cosine(), reading.difference());
    return Finding.failed(
        "%s from %s vectors for '%s' (%s)"
            .formatted(numbers, canary.origin(), reading.sentence(), reading.vector()),
        "Wanted is "
            + reading.limit()
            + ". If model and tokenizer are the same here: another ONNX Runtime or CUDA version,"
            + " failing hardware, or a quantised model on other processors (see --canary).");
  }

  static HfTokenizer tokenizer(EmbedderConfig config) throws IOException {
    ModelDirectory model = HostModels.open(config);
    return ModelTokenizer.open(model, config.resolve(model));
  }

  /** The ids of the canary's sentences. */
  static List<long[]> ids(EmbedderConfig config) throws IOException {
    try (HfTokenizer tokenizer = tokenizer(config)) {
      return ReferenceVectors.sentences().stream().map(s -> tokenizer.encode(s).ids()).toList();
    }
  }

  /** Compares the ids of the canary's sentences; {@code failed} takes the first that differs. */
  static Finding compareIds(List<long[]> found, List<long[]> wanted, String failed, String wayOut) {
    for (int i = 0; i < found.size(); i++) {
      if (!Arrays.equals(found.get(i), wanted.get(i))) {
        return Finding.failed(failed.formatted(ReferenceVectors.sentences().get(i)), wayOut);
      }
    }
    return Finding.ok("%d sentences, ids as wanted".formatted(found.size()));
  }
}
