package io.embark.spark.executor;

import io.embark.embed.Embedder;
import io.embark.embed.EmbedderConfig;
import io.embark.embed.Setting;
import io.embark.onnx.Precision;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.WeakHashMap;
import org.apache.spark.SparkEnv;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A few sentences and the vectors that every session of a job must give for them: the reference
 * vectors that ship with Embark, for the built-in default model in its usual use, or else those of
 * the driver. They travel with the tasks; each executor compares once for every session, before its
 * first row.
 *
 * <p>On a CPU, 32-bit floats agree to a few millionths between machines: allowed is a difference of
 * {@value #CPU_DIFFERENCE} in any value, or that part of the largest value where values exceed 1. A
 * GPU rounds to TF32 or 16 bits, so there the cosine counts: its distance from 1 may be {@value
 * #ROUNDED_DISTANCE}, some hundred times what such rounding costs and a fraction of what naive
 * 8-bit quantisation or another pooling does. So it is in {@link Precision#INT8}, where last bits
 * that differ by processor may end up in another step. {@link Setting#CANARY} allows more, or less.
 *
 * @param origin owner of the expected vectors, as in "differ from ... vectors"
 * @param expected {@code [sentence][vector][dimension]}
 * @param allowed cosine distance; 0 for what the device explains
 */
public record Canary(String origin, List<String> sentences, float[][][] expected, double allowed)
    implements Serializable {
  private static final Logger LOG = LoggerFactory.getLogger(Canary.class);
  private static final double CPU_DIFFERENCE = 1e-4;
  private static final double ROUNDED_DISTANCE = 1e-3;

  /** Sessions that have been checked, each with the canaries that it passed. */
  private static final Map<Embedder, Set<Integer>> PASSED = new WeakHashMap<>();

  /** Some JVM gives other vectors than it must. Ends the job: a retry elsewhere would hide it. */
  public static final class Drift extends IllegalStateException {
    private static final long serialVersionUID = 1;

    Drift(String message) {
      super(message);
    }
  }

  /**
   * The worst distance of one session's vectors from the expected ones.
   *
   * @param vector the name of the vector, where a text has several
   * @param difference the largest of any value, absolute
   * @param limit what is allowed, in words
   */
  public record Reading(
      String sentence,
      String vector,
      double cosine,
      double difference,
      boolean within,
      String limit) {}

  static Canary of(Embedder driver) {
    EmbedderConfig config = driver.config();
    double allowed = config.get(Setting.CANARY);
    List<String> sentences = ReferenceVectors.sentences();
    Optional<float[][][]> reference = ReferenceVectors.of(config);
    if (reference.isEmpty()) {
      return ofDriver(driver, sentences, allowed);
    }
    Canary canary = new Canary("the shipped reference", sentences, reference.get(), allowed);
    canary.require(driver);
    return canary;
  }

  /** Of the sentences that the model can embed: one that it fails on says nothing about drift. */
  private static Canary ofDriver(Embedder driver, List<String> sentences, double allowed) {
    List<String> embedded = new ArrayList<>();
    List<float[][]> expected = new ArrayList<>();
    for (String sentence : sentences) {
      try {
        expected.add(driver.embedAll(List.of(sentence))[0]);
        embedded.add(sentence);
      } catch (IllegalStateException e) {
        LOG.warn("Canary without '{}', on which this model fails: {}", sentence, e.getMessage());
      }
    }
    return new Canary("the driver's", embedded, expected.toArray(float[][][]::new), allowed);
  }

  /**
   * Compares, the first time it sees this session, which is returned.
   *
   * @throws Drift if its vectors are not as expected
   */
  public Embedder require(Embedder embedder) {
    if (allowed == Double.POSITIVE_INFINITY || sentences.isEmpty()) {
      return embedder;
    }
    Set<Integer> passed;
    synchronized (PASSED) {
      passed = PASSED.computeIfAbsent(embedder, e -> new HashSet<>());
    }
    synchronized (passed) {
      int identity = Arrays.deepHashCode(expected);
      if (!passed.contains(identity)) {
        long start = System.nanoTime();
        Reading reading = read(embedder);
        if (!reading.within()) {
          throw new Drift(message(reading, embedder));
        }
        passed.add(identity);
        LOG.info(
            "Canary: cosine {}, largest difference {} from {} vectors, in {} ms",
            String.format(Locale.ROOT, "%.6f", reading.cosine()),
            String.format(Locale.ROOT, "%.1e", reading.difference()),
            origin,
            (System.nanoTime() - start) / 1_000_000);
      }
    }
    return embedder;
  }

  public Reading read(Embedder embedder) {
    boolean rounded =
        embedder.device().isGpu() || embedder.config().get(Setting.PRECISION) == Precision.INT8;
    // One by one, as the expected ones: a batch that needs more memory would lower the budget.
    Reading worst = null;
    for (int s = 0; s < expected.length; s++) {
      float[][] found = embedder.embedAll(List.of(sentences.get(s)))[0];
      for (int v = 0; v < found.length; v++) {
        Reading reading =
            compare(s, embedder.vectorNames().get(v), found[v], expected[s][v], rounded);
        if (worst == null || worse(reading, worst)) {
          worst = reading;
        }
      }
    }
    return worst;
  }

  private static boolean worse(Reading a, Reading b) {
    // Not a number is worst of all.
    return a.within() == b.within() ? !(a.cosine() >= b.cosine()) : !a.within();
  }

  private Reading compare(int s, String name, float[] found, float[] wanted, boolean rounded) {
    double dot = 0;
    double squares = 0;
    double squaresWanted = 0;
    double difference = found.length == wanted.length ? 0 : Double.NaN;
    double largest = 1;
    for (int i = 0; i < Math.min(found.length, wanted.length); i++) {
      dot += (double) found[i] * wanted[i];
      squares += (double) found[i] * found[i];
      squaresWanted += (double) wanted[i] * wanted[i];
      difference = Math.max(difference, Math.abs((double) found[i] - wanted[i]));
      largest = Math.max(largest, Math.abs(wanted[i]));
    }
    double cosine =
        squares == 0 && squaresWanted == 0 ? 1 : dot / Math.sqrt(squares * squaresWanted);
    boolean within;
    String limit;
    if (allowed > 0 || rounded) {
      double distance = allowed > 0 ? allowed : ROUNDED_DISTANCE;
      within = 1 - cosine <= distance;
      limit = words("a cosine of at least %s", 1 - distance);
    } else {
      within = difference <= CPU_DIFFERENCE * largest;
      limit = words("a difference of at most %.1e", CPU_DIFFERENCE * largest);
    }
    return new Reading(sentences.get(s), name, cosine, difference, within, limit);
  }

  private String message(Reading reading, Embedder embedder) {
    return words(
        "Canary: %s on %s gives vectors that differ from %s vectors. For '%s' (%s) the cosine is"
            + " %.6f and the largest difference %.1e; wanted is %s. Likely causes: another model or"
            + " tokenizer under the same path there, another version of ONNX Runtime or CUDA,"
            + " failing hardware, or a quantised model on processors of different kinds."
            + " jobs/doctor.sh compares the executors. To accept such differences set canary to a"
            + " cosine distance, such as 0.01.",
        place(),
        embedder.device().label(),
        origin,
        reading.sentence(),
        reading.vector(),
        reading.cosine(),
        reading.difference(),
        reading.limit());
  }

  /** This JVM: driver, or executor and host. */
  static String place() {
    SparkEnv env = SparkEnv.get();
    if (env == null || env.executorId().equals("driver")) {
      return "the driver";
    }
    return "executor %s (host %s)"
        .formatted(env.executorId(), env.blockManager().blockManagerId().hostPort());
  }

  private static String words(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
