package io.embark.onnx.graph;

import io.embark.UserError;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The outputs of a graph by what they hold. Exporters name them freely ({@code last_hidden_state},
 * {@code output_0}; {@code pooler_output}, {@code 882}), so unknown names are told by rank and
 * width, and refused where that leaves a choice: the wrong one gives vectors that look like any
 * other.
 *
 * @param tokenStates of the last layer, {@code [B, L, H]}; empty if the graph gives none
 * @param poolers what may be the model's own pooled output, {@code [B, H]}: one if it can be told
 * @param sentenceEmbedding a finished vector, {@code [B, D]}
 * @param hiddenStates those after each layer that the model exports, the embedding output first
 * @param hiddenSize H; 0 without token states, or if only running the graph tells it
 */
record ModelOutputs(
    Optional<TensorSignature> tokenStates,
    List<TensorSignature> poolers,
    Optional<TensorSignature> sentenceEmbedding,
    List<String> hiddenStates,
    int hiddenSize) {
  private static final Pattern HIDDEN_STATE = Pattern.compile("hidden_states?[._](\\d{1,4})");
  private static final List<String> TOKEN_STATES = List.of("last_hidden_state", "token_embeddings");
  private static final List<String> SENTENCE_EMBEDDINGS =
      List.of("sentence_embedding", "sentence_embeddings", "dense_vecs");

  /** Parts of names of outputs that have a text's rank and are no states to be pooled. */
  private static final Pattern OTHERWISE =
      Pattern.compile("logits|scores?\\b|colbert|sparse|probabilit|(^|[._/])present([._]|$)");

  /**
   * @throws UserError if it cannot be told which output is which, listing them
   */
  static ModelOutputs of(List<TensorSignature> outputs, GraphTraits traits) {
    Optional<TensorSignature> named = traits.output().map(name -> named(outputs, name));
    List<String> hiddenStates = hiddenStates(outputs);
    Optional<TensorSignature> states =
        named
            .filter(output -> output.hasRank(3))
            .or(() -> tokenStates(outputs, hiddenStates, traits));
    Optional<TensorSignature> finished =
        named.filter(output -> output.hasRank(2)).or(() -> finished(outputs, states.isPresent()));
    if (states.isEmpty() && finished.isEmpty()) {
      throw new UserError(
          ("Cannot pool: no output holds token states, wanted is a float output of rank 3 such as"
                  + " last_hidden_state[batch,sequence,hidden], or a finished vector such as"
                  + " sentence_embedding[batch,values]; export the model for feature extraction, or"
                  + " name the output with --model-output. Found: outputs %s.")
              .formatted(list(outputs)));
    }
    int hiddenSize = states.map(output -> Math.max(0, output.size(2))).orElse(0);
    return new ModelOutputs(states, poolers(outputs, finished), finished, hiddenStates, hiddenSize);
  }

  private static TensorSignature named(List<TensorSignature> outputs, String name) {
    TensorSignature found =
        outputs.stream()
            .filter(output -> output.name().equals(name))
            .findFirst()
            .orElseThrow(
                () ->
                    new UserError(
                        "model-output: the graph has no output '%s'; it has %s."
                            .formatted(name, list(outputs))));
    if (!found.isFloat() || !found.hasRank(2) && !found.hasRank(3)) {
      throw new UserError(
          ("model-output: %s is neither a vector per text (rank 2) nor one per token (rank 3) of"
                  + " floats; the outputs are %s.")
              .formatted(found, list(outputs)));
    }
    return found;
  }

  private static Optional<TensorSignature> tokenStates(
      List<TensorSignature> outputs, List<String> hiddenStates, GraphTraits traits) {
    List<TensorSignature> floats =
        outputs.stream().filter(output -> output.isFloat() && output.hasRank(3)).toList();
    for (String name : TOKEN_STATES) {
      for (TensorSignature output : floats) {
        if (output.name().equals(name)) {
          return Optional.of(output);
        }
      }
    }
    List<TensorSignature> possible =
        floats.stream()
            .filter(output -> !hiddenStates.contains(output.name()))
            .filter(output -> !OTHERWISE.matcher(lower(output.name())).find())
            .toList();
    if (possible.isEmpty() && !hiddenStates.isEmpty()) {
      String last = hiddenStates.get(hiddenStates.size() - 1);
      if (layer(last) != traits.layers() || traits.layers() == 0) {
        throw new UserError(
            ("Cannot tell whether %s is the last hidden state: config.json says %s; wanted is one"
                    + " with that number, the embedding output being 0. Name the output of the last"
                    + " layer with --model-output. Found: %s.")
                .formatted(
                    last,
                    traits.layers() == 0
                        ? "nothing of the number of layers (num_hidden_layers)"
                        : "num_hidden_layers " + traits.layers(),
                    list(outputs)));
      }
      return floats.stream().filter(output -> output.name().equals(last)).findFirst();
    }
    List<TensorSignature> fitting =
        possible.stream()
            .filter(
                output ->
                    traits.hiddenSize() == 0
                        || output.size(2) < 0
                        || output.size(2) == traits.hiddenSize())
            .toList();
    if (possible.isEmpty() || fitting.size() == 1) {
      return fitting.stream().findFirst();
    }
    String width =
        traits.hiddenSize() == 0
            ? "config.json, which would tell their width (hidden_size), is not there"
            : "%d have the width that config.json says (hidden_size %d)"
                .formatted(fitting.size(), traits.hiddenSize());
    throw new UserError(
        ("Cannot tell which output holds the token states: none is named %s, and %s. Name it with"
                + " --model-output. Found: %s.")
            .formatted(String.join(" or ", TOKEN_STATES), width, list(outputs)));
  }

  /** Without token states a lone vector per text is taken for finished if its name says so. */
  private static Optional<TensorSignature> finished(
      List<TensorSignature> outputs, boolean tokenStates) {
    List<TensorSignature> vectors =
        outputs.stream().filter(output -> output.isFloat() && output.hasRank(2)).toList();
    for (String name : SENTENCE_EMBEDDINGS) {
      for (TensorSignature output : vectors) {
        if (output.name().equals(name)) {
          return Optional.of(output);
        }
      }
    }
    boolean lone = !tokenStates && vectors.size() == 1;
    return vectors.stream()
        .filter(output -> lone && lower(output.name()).contains("embed"))
        .findFirst();
  }

  /** With what running the graph has told. */
  ModelOutputs withHiddenSize(int measured) {
    return new ModelOutputs(tokenStates, poolers, sentenceEmbedding, hiddenStates, measured);
  }

  /** Whether the token states are those by the name of their output, and not by their width. */
  boolean isNamed(GraphTraits traits) {
    String name = tokenStates.orElseThrow().name();
    return TOKEN_STATES.contains(name) || traits.output().filter(name::equals).isPresent();
  }

  /** The model's own pooled output, if it can be told. */
  Optional<TensorSignature> pooler() {
    List<TensorSignature> fitting = fittingPoolers();
    return fitting.size() == 1 ? Optional.of(fitting.get(0)) : Optional.empty();
  }

  /** By its name, else whatever has the width of states and is not known to be something else. */
  List<TensorSignature> fittingPoolers() {
    List<TensorSignature> wide =
        // Scores of a classifier have another width.
        poolers.stream().filter(o -> o.size(1) == hiddenSize || o.size(1) < 0).toList();
    return wide.stream()
        .filter(output -> output.name().equals("pooler_output"))
        .findFirst()
        .map(List::of)
        .orElse(wide);
  }

  private static List<TensorSignature> poolers(
      List<TensorSignature> outputs, Optional<TensorSignature> finished) {
    return outputs.stream()
        .filter(output -> output.isFloat() && output.hasRank(2))
        .filter(output -> !SENTENCE_EMBEDDINGS.contains(output.name()) && !isSame(output, finished))
        .filter(output -> !OTHERWISE.matcher(lower(output.name())).find())
        .filter(output -> !lower(output.name()).contains("embed"))
        .toList();
  }

  private static boolean isSame(TensorSignature output, Optional<TensorSignature> other) {
    return other.filter(output::equals).isPresent();
  }

  private static List<String> hiddenStates(List<TensorSignature> outputs) {
    return outputs.stream()
        .filter(output -> output.isFloat() && output.hasRank(3))
        .map(TensorSignature::name)
        .filter(name -> HIDDEN_STATE.matcher(name).matches())
        .sorted(Comparator.comparingInt(ModelOutputs::layer))
        .toList();
  }

  /** The number in the name of an exported hidden state. */
  static int layer(String hiddenState) {
    return Integer.parseInt(HIDDEN_STATE.matcher(hiddenState).replaceFirst("$1"));
  }

  private static String lower(String name) {
    return name.toLowerCase(Locale.ROOT);
  }

  static String list(List<TensorSignature> tensors) {
    Stream<String> words = tensors.stream().map(TensorSignature::toString);
    return tensors.isEmpty() ? "none" : words.collect(Collectors.joining(", "));
  }
}
