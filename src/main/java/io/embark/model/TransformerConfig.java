package io.embark.model;

import io.embark.json.JsonFile;
import io.embark.model.ModelDirectory.Sourced;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * {@code config.json}: what a transformer says of itself. It has hundreds of keys, and what most
 * say is in the graph; these are the ones that the host has to know.
 *
 * @param positions the longest text the graph has learned positions for, special tokens included;
 *     empty if positions are computed (rotary, relative) and any length goes
 * @param usualLength the longest text the model was made for
 * @param hiddenSize values per token state, 0 if the file does not say
 * @param layers of the encoder, 0 if the file does not say
 * @param padTokenId the id that fills up short rows
 * @param firstPosition the position of a text's first token: RoBERTa and its kin count from behind
 *     the padding id
 * @param generates whether it was saved as a model that generates text and sees no later tokens
 * @param tokenizerClass the tokenizer's class, where no other file names it
 */
record TransformerConfig(
    Optional<Sourced<Integer>> positions,
    Optional<Sourced<Integer>> usualLength,
    int hiddenSize,
    int layers,
    long padTokenId,
    int firstPosition,
    boolean generates,
    String modelType,
    Optional<String> tokenizerClass) {
  private static final String FILE = "config.json";
  private static final int MOST = 100_000_000;

  /** Of a model that has no transformer. */
  static final TransformerConfig NONE =
      new TransformerConfig(
          Optional.empty(), Optional.empty(), 0, 0, 0, 0, false, "", Optional.empty());

  private static final Set<String> COUNTED_FROM_PADDING =
      Set.of(
          "roberta",
          "xlm-roberta",
          "xlm-roberta-xl",
          "camembert",
          "mpnet",
          "longformer",
          "ibert",
          "data2vec-text",
          "luke",
          "xmod",
          "roberta-prelayernorm",
          "esm");

  /** As T5, DistilBERT and GPT-2 (whose names Nomic took over) call it. */
  private static final List<String> HIDDEN_SIZES =
      List.of("hidden_size", "d_model", "dim", "n_embd");

  private static final List<String> LAYERS =
      List.of("num_hidden_layers", "num_layers", "n_layers", "n_layer");

  /**
   * Whose {@code n_positions} is their {@code max_position_embeddings}; T5's and its kin's stands
   * for nothing, and texts are not cut at it. Nomic's own code takes GPT-2's names.
   */
  private static final Set<String> COUNT_POSITIONS =
      Set.of(
          "gpt2",
          "openai-gpt",
          "gptj",
          "gpt_bigcode",
          "codegen",
          "ctrl",
          "decision_transformer",
          "imagegpt",
          "nomic_bert");

  /** What those of {@link #COUNTED_FROM_PADDING} have where their file does not say. */
  private static final int USUAL_PADDING = 1;

  /** Keys of models that compute positions, whatever their values. */
  private static final Set<String> COMPUTED =
      Set.of(
          "rope_theta",
          "rope_parameters",
          "global_rope_theta",
          "rotary_emb_base",
          "rotary_emb_fraction",
          "relative_attention_num_buckets",
          "alibi");

  static TransformerConfig read(Path folder, String prefix) throws IOException {
    JsonFile config =
        JsonFile.object(folder.resolve(FILE))
            .withoutNulls(
                "pad_token_id",
                "max_position_embeddings",
                "n_positions",
                "architectures",
                "model_type",
                "is_causal",
                "tokenizer_class");
    String type = config.text("model_type").orElse("");
    boolean fromPadding = COUNTED_FROM_PADDING.contains(type);
    int padTokenId =
        config.number("pad_token_id", -1, MOST).orElse(fromPadding ? USUAL_PADDING : 0);
    int first = fromPadding ? padTokenId + 1 : 0;
    Optional<Sourced<Integer>> length = Optional.empty();
    List<String> lengths =
        COUNT_POSITIONS.contains(type)
            ? List.of("max_position_embeddings", "n_positions")
            : List.of("max_position_embeddings");
    for (String key : lengths) {
      // XLNet's -1 stands for no limit.
      Optional<Integer> found = config.number(key, -1, MOST).filter(n -> n > 0);
      if (length.isEmpty() && found.isPresent()) {
        if (found.get() <= first) {
          throw config.wrong(key, "a number above " + first + ", where positions begin");
        }
        length = Optional.of(new Sourced<>(found.get() - first, prefix + FILE));
      }
    }
    return new TransformerConfig(
        computesPositions(config, type) ? Optional.empty() : length,
        length,
        size(config, HIDDEN_SIZES),
        size(config, LAYERS),
        Math.max(0, padTokenId),
        first,
        // Without the key, as the library has it, a model that generates text is causal.
        config.flag("is_causal").orElse(true)
            && config.texts("architectures").orElse(List.of()).stream()
                .limit(1)
                .anyMatch(name -> name.endsWith("ForCausalLM")),
        type,
        config.text("tokenizer_class"));
  }

  private static int size(JsonFile config, List<String> keys) {
    for (String key : keys) {
      if (config.isSet(key)) {
        return config.number(key, 1, MOST).orElseThrow();
      }
    }
    return 0;
  }

  private static boolean computesPositions(JsonFile config, String type) {
    boolean otherThanLearned =
        config
            .withoutNulls("position_embedding_type")
            .text("position_embedding_type")
            .filter(kind -> !kind.equals("absolute"))
            // Relative keys come on top of learned positions.
            .filter(kind -> !kind.startsWith("relative_key"))
            .isPresent();
    // MPNet has buckets beside learned positions.
    boolean named = !type.equals("mpnet") && config.keys().stream().anyMatch(COMPUTED::contains);
    // DeBERTa has it, true or false.
    boolean relative =
        config.json("relative_attention").filter(value -> value.equals("true")).isPresent();
    return otherThanLearned || named || relative;
  }
}
