package io.embark.onnx.int8;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnxruntime.OrtException;
import com.google.protobuf.InvalidProtocolBufferException;
import io.embark.UserError;
import io.embark.onnx.TextRunner;
import io.embark.onnx.graph.DenseLayer;
import io.embark.onnx.graph.PooledModel;
import io.embark.onnx.graph.WeightValues;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A model whose dense layers multiply 8-bit integers, made when it is loaded and measured against
 * the model in float: layers in which rounding costs most stay in float until the vectors of the
 * texts it is measured with have a median cosine of at least {@value #LEAST_COSINE} to the exact
 * ones.
 *
 * <p>Steps are settled beforehand and not by batch, so that a vector does not depend on the texts
 * beside it. Attention's own products (of queries, keys and values), norms and activations stay in
 * float.
 */
public final class Int8Model {
  private static final Logger LOG = LoggerFactory.getLogger(Int8Model.class);

  static final double LEAST_COSINE = 0.99;

  /** Shares of the layers that are tried, those with the least noise first. */
  private static final double[] SHARES = {1, 0.9, 0.75, 0.5};

  /** Weights are kept in the model's bytes, which end at 2 GiB. */
  private static final long MOST_BYTES = Integer.MAX_VALUE - (64L << 20);

  private final PooledModel model;
  private final ModelProto proto;
  private final WeightValues weights;
  private final List<long[]> texts;

  /** The largest absolute weight that each channel of an input meets, {@code [in]}. */
  private final Map<String, float[]> widest = new LinkedHashMap<>();

  /**
   * How many outputs are made of an input. Smoothing takes a pass over the input, and pays where
   * more outputs than inputs share it: behind a norm, whose wide channels are the same in every
   * text. Behind an activation they are not, and narrowing those that a few texts show cuts off
   * what others have.
   */
  private final Map<String, Integer> outs = new HashMap<>();

  private final Map<String, InputScale> scales = new HashMap<>();
  private Calibration calibration;

  /** Those whose input was finite, the least noise first. */
  private List<DenseLayer> layers;

  private Int8Model(PooledModel model, List<long[]> texts) throws InvalidProtocolBufferException {
    this.model = model;
    this.proto = ModelProto.parseFrom(model.bytes());
    this.weights = new WeightValues(model.externalDataFolder().orElse(null));
    this.texts = texts;
  }

  /**
   * @param texts token ids that the model is measured with, special tokens included
   * @throws UserError if the model has no dense layers in float32, or int8 costs too much even
   *     where only half of them use it
   */
  public static PooledModel of(PooledModel model, List<long[]> texts) {
    return of(model, texts, LEAST_COSINE);
  }

  /** {@link #of(PooledModel, List)} with another least cosine. */
  public static PooledModel of(PooledModel model, List<long[]> texts, double leastCosine) {
    try {
      return measured(model, texts).quantized(leastCosine);
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("Embark made a model that it cannot read", e);
    } catch (OrtException e) {
      throw new UserError("ONNX Runtime cannot measure it: " + e.getMessage(), e);
    }
  }

  /** Measures a model, without making another of it yet. */
  public static Int8Model measured(PooledModel model, List<long[]> texts)
      throws InvalidProtocolBufferException, OrtException {
    Int8Model int8 = new Int8Model(model, texts);
    List<DenseLayer> found = DenseLayer.of(int8.proto.getGraph());
    requireSize(found);
    int8.measure(found);
    return int8;
  }

  private PooledModel quantized(double leastCosine) throws OrtException {
    long start = System.nanoTime();
    double best = -1;
    for (double share : SHARES) {
      PooledModel made = with(share);
      double cosine = medianCosine(made);
      LOG.info(
          "int8: {} % of {} dense layers, median cosine to float {}, {} ms",
          Math.round(100 * share),
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
                + " the median cosine to its own vectors is %.4f, wanted is %s. Use precision float.",
            layers.size(),
            best,
            leastCosine));
  }

  /**
   * The model with some of its layers in 8 bits.
   *
   * @param share of the layers, 0 to 1; those in which rounding adds least noise come first
   */
  public PooledModel with(double share) {
    List<DenseLayer> chosen = layers.subList(0, (int) Math.ceil(share * layers.size()));
    return model.with(Int8Graph.of(proto, chosen, scales, weights)).withApproximateGelu();
  }

  private void measure(List<DenseLayer> found) throws OrtException {
    found.forEach(this::addWidest);
    Map<String, Integer> inputs = new LinkedHashMap<>();
    widest.forEach((input, channels) -> inputs.put(input, channels.length));
    calibration = Calibration.of(model, proto, inputs, texts);
    Map<String, Double> noise = new HashMap<>();
    for (Map.Entry<String, InputRange> seen : calibration.ranges().entrySet()) {
      String input = seen.getKey();
      InputRange range = seen.getValue();
      if (range.isFinite()) {
        InputScale scale =
            outs.get(input) > range.least().length
                ? InputScale.smooth(range, widest.get(input))
                : InputScale.plain(range);
        scales.put(input, scale);
        noise.put(input, scale.noise(range));
      }
    }
    layers =
        found.stream()
            .filter(layer -> noise.containsKey(layer.input()))
            .sorted(Comparator.comparingDouble(layer -> noise.get(layer.input())))
            .toList();
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

  private void addWidest(DenseLayer layer) {
    outs.merge(layer.input(), layer.out(), Integer::sum);
    float[] channels = widest.computeIfAbsent(layer.input(), input -> new float[layer.in()]);
    float[] values = weights.of(layer.weights());
    for (int at = 0; at < values.length; at++) {
      int channel = at / layer.out();
      channels[channel] = Math.max(channels[channel], Math.abs(values[at]));
    }
  }

  private double medianCosine(PooledModel made) throws OrtException {
    double[][] cosines = new double[model.outputs().size()][texts.size()];
    try (TextRunner runner = TextRunner.open(made)) {
      for (int t = 0; t < texts.size(); t++) {
        Map<String, float[]> found = runner.run(texts.get(t));
        for (int v = 0; v < cosines.length; v++) {
          float[] exact = calibration.vectors()[v][t];
          cosines[v][t] = cosine(exact, found.get(model.outputs().get(v).name()));
        }
      }
    }
    return Arrays.stream(cosines).mapToDouble(Int8Model::median).min().orElse(0);
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
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
    // Not a number: worse than anything.
    return cosine >= -1 ? cosine : -1;
  }
}
