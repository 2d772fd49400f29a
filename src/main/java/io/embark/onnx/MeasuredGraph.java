package io.embark.onnx;

import ai.onnxruntime.OrtException;
import io.embark.UserError;
import io.embark.onnx.graph.GraphOutput.PooledOutput;
import io.embark.onnx.graph.GraphTraits;
import io.embark.onnx.graph.PooledGraph;
import io.embark.onnx.graph.PooledModel;
import io.embark.pooling.Pooling;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What only running a graph tells of its finished vector. */
public final class MeasuredGraph {
  private static final long[] SHORT = {0, 0, 0};
  private static final String FINISHED = "embark_finished";

  /** More than rounding of half floats explains. */
  private static final double LEAST_COSINE = 0.999;

  private static final double MOST_SCALE = 1.01;

  private MeasuredGraph() {}

  /**
   * Reads a graph; if it gives token states or a finished vector without saying how many values
   * they have, it is run once to see.
   *
   * @throws UserError if it is no graph that can be pooled, or cannot be run
   */
  static PooledGraph read(Path onnxFile, GraphTraits traits) {
    PooledGraph graph = PooledGraph.of(onnxFile, traits);
    try {
      graph.requireKnownInputs();
    } catch (UserError e) {
      throw new UserError("Model `" + onnxFile + "`: " + e.getMessage(), e);
    }
    Optional<PooledModel> states = graph.statesProbe();
    if (states.isPresent()) {
      int width = width(states.get(), onnxFile, "token states");
      try {
        graph = graph.withHiddenSize(width, traits);
      } catch (UserError e) {
        throw new UserError("Model `" + onnxFile + "`: " + e.getMessage(), e);
      }
    }
    Optional<PooledModel> finished = graph.widthProbe();
    return finished.isEmpty()
        ? graph
        : graph.withSentenceWidth(width(finished.get(), onnxFile, "finished vector"));
  }

  private static int width(PooledModel probe, Path onnxFile, String what) {
    try (TextSession session = TextSession.open(probe)) {
      return session.run(SHORT).values().iterator().next().length;
    } catch (OrtException e) {
      throw new UserError(
          "Model `%s`: its %s cannot be computed: %s".formatted(onnxFile, what, e.getMessage()), e);
    }
  }

  /** Values of the finished vector of a graph that gives one. */
  public static int sentenceWidth(Path onnxFile, GraphTraits traits) {
    return read(onnxFile, traits).sentenceWidth();
  }

  /**
   * Compares the finished vector of a graph that gives token states too with the one that Embark
   * would make.
   *
   * @param own how Embark makes it
   * @param texts token ids, special tokens included
   * @param lengths whether they are to be of one length, and not only of one direction
   * @return the difference in words, if it is more than rounding
   */
  public static Optional<String> difference(
      Path onnxFile, GraphTraits traits, PooledOutput own, List<long[]> texts, boolean lengths) {
    PooledOutput finished = PooledOutput.of(FINISHED, Pooling.SENTENCE_EMBEDDING);
    PooledModel both = read(onnxFile, traits).add(List.of(own, finished));
    List<String> differences = new ArrayList<>();
    TextSession.run(
        both,
        texts,
        found ->
            differ(found.get(own.name()), found.get(FINISHED), lengths)
                .ifPresent(differences::add));
    return differences.stream().findFirst();
  }

  private static Optional<String> differ(float[] own, float[] finished, boolean lengths) {
    if (own.length != finished.length) {
      return Optional.of("%d values against %d".formatted(finished.length, own.length));
    }
    double dot = 0;
    double ofOwn = 0;
    double ofFinished = 0;
    for (int i = 0; i < own.length; i++) {
      dot += own[i] * (double) finished[i];
      ofOwn += own[i] * (double) own[i];
      ofFinished += finished[i] * (double) finished[i];
    }
    double cosine = dot / Math.sqrt(ofOwn * ofFinished);
    double scale = Math.sqrt(ofFinished / ofOwn);
    boolean alike = !lengths || scale <= MOST_SCALE && scale >= 1 / MOST_SCALE;
    boolean same = cosine >= LEAST_COSINE && alike;
    return same
        ? Optional.empty()
        : Optional.of(
            String.format(Locale.ROOT, "cosine %.4f, length %.4g times Embark's", cosine, scale));
  }
}
