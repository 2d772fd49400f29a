package io.embark.onnx.int8;

import ai.onnx.proto.OnnxMl.ModelProto;
import io.embark.UserError;
import io.embark.onnx.graph.PooledModel;
import io.embark.onnx.graph.WeightValues;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A model whose dense layers multiply 8-bit integers: layers in which rounding costs most stay in
 * float until the vectors of the texts it is measured with have a median cosine of at least {@value
 * #LEAST_COSINE} to the exact ones. Attention's own products (of queries, keys and values), norms
 * and activations stay in float.
 */
public final class Int8Model {
  private static final Logger LOG = LoggerFactory.getLogger(Int8Model.class);

  static final double LEAST_COSINE = 0.99;

  /** Fractions of the layers that are tried, those with the least noise first. */
  private static final double[] FRACTIONS = {1, 0.9, 0.75, 0.5};

  /** Weights are kept in the model's bytes, which end at 2 GiB. */
  private static final long MOST_BYTES = Integer.MAX_VALUE - (64L << 20);

  private final PooledModel model;
  private final ModelProto proto;
  private final WeightValues weights;
  private final List<long[]> texts;
  private final TextRunner runner;
  private final Map<String, InputScale> scales = new HashMap<>();
  private final Calibration calibration;

  /** Those whose input was finite, the least noise first. */
  private final List<DenseLayer> layers;

  /** Runs a model over single texts. */
  public interface TextRunner {
    /**
     * @param texts token ids, special tokens included
     * @param each given every output of the model by name, for one text after the other
     * @throws UserError if the model cannot be run
     */
    void run(PooledModel model, List<long[]> texts, Consumer<Map<String, float[]>> each);
  }

  /** The largest absolute weight that each channel of an input meets, and its outputs. */
  private record Readers(float[] widest, int outputs) {}

  /** Measures a model, without making another of it yet. */
  public Int8Model(PooledModel model, List<long[]> texts, TextRunner runner) {
    this.model = model;
    this.proto = model.proto();
    this.weights = new WeightValues(model);
    this.texts = texts;
    this.runner = runner;
    List<DenseLayer> found = DenseLayer.of(proto.getGraph());
    requireSize(found);
    Map<String, Readers> readers = new LinkedHashMap<>();
    found.forEach(layer -> readers.compute(layer.input(), (input, read) -> with(read, layer)));
    Map<String, Integer> inputs = new LinkedHashMap<>();
    readers.forEach((input, read) -> inputs.put(input, read.widest().length));
    calibration = Calibration.of(model, proto, inputs, texts, runner);
    calibration
        .ranges()
        .forEach((input, range) -> scales.put(input, scale(range, readers.get(input))));
    Map<String, Double> noise = new HashMap<>();
    scales.forEach(
        (input, scale) -> noise.put(input, scale.noise(calibration.ranges().get(input))));
    layers =
        found.stream()
            .filter(layer -> noise.containsKey(layer.input()))
            .sorted(Comparator.comparingDouble(layer -> noise.get(layer.input())))
            .toList();
  }

  /**
   * @param texts token ids that the model is measured with, special tokens included
   * @throws UserError if the model has no dense layers in float32, or int8 costs too much even
   *     where only half of them use it
   */
  public static PooledModel of(PooledModel model, List<long[]> texts, TextRunner runner) {
    return new Int8Model(model, texts, runner).quantized(LEAST_COSINE);
  }

  PooledModel quantized(double leastCosine) {
    long start = System.nanoTime();
    double best = -1;
    for (double fraction : FRACTIONS) {
      PooledModel made = with(fraction);
      double cosine = medianCosine(made);
      LOG.info(
          "int8: {} % of {} dense layers, median cosine to float {}, {} ms",
          Math.round(100 * fraction),
          layers.size(),
          String.format(Locale.ROOT, "%.4f", cosine),
          (System.nanoTime() - start) / 1_000_000);
      if (cosine >= leastCosine) {
        return made;
      }
      best = Math.max(best, cosine);
    }
    throw new UserError(
        String.format(
            Locale.ROOT,
            "precision int8 costs this model too much: with half of its %d dense layers in 8 bits"
                + " the median cosine to its own vectors is %.4f, wanted is %s. Use precision"
                + " float.",
            layers.size(),
            best,
            leastCosine));
  }

  /** The model with a fraction of its layers in 8 bits, those in which it adds least noise. */
  public PooledModel with(double fraction) {
    List<DenseLayer> chosen = layers.subList(0, (int) Math.ceil(fraction * layers.size()));
    return model.with(Int8Graph.of(proto, chosen, scales, weights)).withApproximateGelu();
  }

  private static void requireSize(List<DenseLayer> layers) {
    if (layers.isEmpty()) {
      throw new UserError(
          "precision int8 finds nothing to do: the graph has no MatMul by constant float32 weights."
              + " A file that holds float16 or is quantised already runs as it is with precision"
              + " float.");
    }
    long bytes = layers.stream().mapToLong(layer -> (long) layer.in() * layer.out()).sum();
    if (bytes > MOST_BYTES) {
      throw new UserError(
          ("precision int8: the dense layers of this model take %d bytes in 8 bits, more than fits"
                  + " into one ONNX model (%d). Use precision float.")
              .formatted(bytes, MOST_BYTES));
    }
  }

  /** Adds a layer to those that read an input; null if it is the first. */
  private Readers with(Readers before, DenseLayer layer) {
    float[] widest = before == null ? new float[layer.in()] : before.widest();
    float[] values = weights.of(layer.weights());
    for (int at = 0; at < values.length; at++) {
      int channel = at / layer.out();
      widest[channel] = Math.max(widest[channel], Math.abs(values[at]));
    }
    return new Readers(widest, layer.out() + (before == null ? 0 : before.outputs()));
  }

  /**
   * Smoothing takes a pass over the input, and pays where more outputs than inputs share it: behind
   * a norm, whose wide channels are the same in every text. Behind an activation they are not, and
   * narrowing those that a few texts show cuts off what others have.
   */
  private static InputScale scale(Calibration.Range range, Readers readers) {
    return readers.outputs() > range.least().length
        ? InputScale.smooth(range, readers.widest())
        : InputScale.plain(range);
  }

  /** Of the vector for which it is least. */
  private double medianCosine(PooledModel made) {
    List<float[][]> exact = calibration.vectors();
    List<float[][]> vectors = new ArrayList<>();
    runner.run(made, texts, found -> vectors.add(Calibration.vectors(model, found)));
    return IntStream.range(0, model.outputs().size())
        .mapToDouble(
            output ->
                IntStream.range(0, texts.size())
                    .mapToDouble(t -> cosine(exact.get(t)[output], vectors.get(t)[output]))
                    .sorted()
                    .skip(texts.size() / 2)
                    .findFirst()
                    .orElseThrow())
        .min()
        .orElseThrow();
  }

  private static double cosine(float[] a, float[] b) {
    double dot = 0;
    double squaresA = 0;
    double squaresB = 0;
    for (int i = 0; i < a.length; i++) {
      dot += (double) a[i] * b[i];
      squaresA += (double) a[i] * a[i];
      squaresB += (double) b[i] * b[i];
    }
    double cosine = dot / Math.sqrt(squaresA * squaresB);
    return cosine >= -1 ? cosine : -1; // NaN is worse than anything
  }
}
