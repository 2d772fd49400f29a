package io.embark.embed;

import io.embark.UserError;
import io.embark.model.ModelDirectory;
import io.embark.onnx.MeasuredGraph;
import io.embark.onnx.graph.GraphOutput.Ending;
import io.embark.onnx.graph.GraphOutput.PooledOutput;
import io.embark.onnx.graph.GraphSignature;
import io.embark.onnx.graph.GraphTraits;
import io.embark.pooling.Pooling;
import io.embark.pooling.VectorModule;
import io.embark.token.Tokenizer;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Holds a finished vector that a graph gives beside the states of tokens against what the model's
 * files say, where the user left the choice to them: one of the two would be wrong.
 */
final class FinishedVectorCheck {
  private static final String OWN = "embark_own";
  private static final List<String> PROBES =
      List.of("The parcel never arrived.", "How do I reset my PIN, please?", "a");

  /** Who sets one of these knows that the vector is not the graph's. */
  private static final Set<Setting<?>> CHOICES =
      Set.of(
          Setting.POOLING,
          Setting.LAYERS,
          Setting.MODULES,
          Setting.EXCLUDE_SPECIAL_TOKENS,
          Setting.EXCLUDE_PROMPT);

  private FinishedVectorCheck() {}

  /**
   * @throws UserError if the two differ by more than rounding
   * @throws IOException if the graph's file cannot be read
   */
  static void of(
      ModelDirectory model, EmbedderConfig config, Tokenizer tokenizer, List<VectorModule> modules)
      throws IOException {
    List<Pooling> poolings = config.get(Setting.POOLING);
    if (poolings.equals(List.of(Pooling.SENTENCE_EMBEDDING))
        && !isChosen(config, Setting.POOLING)
        && !isChosen(config, Setting.MODEL_OUTPUT)) {
      requireWhole(model, modules);
    }
    if (!poolings.stream().allMatch(Pooling::usesTokenStates)
        || VectorLayout.joins(config)
        || CHOICES.stream().anyMatch(setting -> isChosen(config, setting))) {
      return;
    }
    GraphTraits traits = model.traits().withOutput(config.text(Setting.MODEL_OUTPUT));
    Optional<GraphSignature> signature = model.signature();
    if (signature.flatMap(outputs -> outputs.sentenceEmbedding(traits)).isEmpty()
        || !signature.get().givesTokenStates(traits)) {
      return;
    }
    PooledOutput own =
        new PooledOutput(
            OWN,
            poolings.get(0),
            config.get(Setting.LAYERS).get(0),
            modules,
            new Ending(0, config.get(Setting.NORMALIZE), true));
    List<long[]> texts = PROBES.stream().map(text -> tokenizer.encode(text).ids()).toList();
    // Whoever sets a length knows that it may be another than the graph's.
    boolean lengths = !isChosen(config, Setting.NORMALIZE);
    Optional<String> difference =
        MeasuredGraph.difference(model.onnxFile(), traits, own, texts, lengths);
    if (difference.isPresent()) {
      String pooling = poolings.get(0).label();
      throw new UserError(
          ("Model %s: its graph gives a finished vector that is not the one that its files describe"
                  + " (pooling %s from %s, normalize %s): %s. Take the graph's with --pooling"
                  + " sentence_embedding, or the files' with --pooling %s.")
              .formatted(
                  model.name(),
                  pooling,
                  config.origin(Setting.POOLING),
                  config.text(Setting.NORMALIZE),
                  difference.get(),
                  pooling));
    }
  }

  /**
   * Of a finished vector alone nobody can see what was done to it; at least it must not be that
   * something of the model's own is known to be missing, or may be.
   */
  private static void requireWhole(ModelDirectory model, List<VectorModule> modules) {
    int width = MeasuredGraph.sentenceWidth(model.onnxFile(), model.traits());
    String way =
        "If the vector is as the model means it, say so with --pooling sentence_embedding; otherwise"
            + " export the graph with its token states (last_hidden_state).";
    if (!modules.isEmpty()) {
      throw new UserError(
          ("Model %s: its graph gives a finished vector of %d values and no token states, and"
                  + " modules.json has modules behind the pooling (%s), which may be in the graph or"
                  + " may be missing from it. %s")
              .formatted(model.name(), width, String.join(", ", model.moduleNames()), way));
    }
    int hidden = model.traits().hiddenSize();
    int wanted = hidden * model.poolings().map(found -> found.value().size()).orElse(1);
    if (model.sentenceModel() && hidden > 0 && width != wanted) {
      throw new UserError(
          ("Model %s: its graph gives a finished vector of %d values and no token states, and its"
                  + " files describe one of %d (hidden_size %d of config.json). %s")
              .formatted(model.name(), width, wanted, hidden, way));
    }
  }

  private static boolean isChosen(EmbedderConfig config, Setting<?> setting) {
    String origin = config.origin(setting);
    return config.isSet(setting) && !origin.startsWith("model's ") && !origin.equals("default");
  }
}
