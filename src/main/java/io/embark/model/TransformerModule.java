package io.embark.model;

import io.embark.UserError;
import io.embark.json.JsonFile;
import io.embark.model.ModelDirectory.Sourced;
import io.embark.pooling.Layers;
import io.embark.pooling.Pooling;
import io.embark.token.TokenizerConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * {@code sentence_bert_config.json} and its older names: how sentence-transformers runs the
 * transformer. Written by many versions; what is not understood is refused.
 *
 * @param maxLength the most tokens per text, special tokens included
 * @param lowersCase whether texts are put into small letters before the tokenizer's own rules
 * @param layers whose states are pooled, if others than the last layer's
 * @param pooler set if the model's own pooled output is the sentence vector
 */
record TransformerModule(
    Optional<Sourced<Integer>> maxLength,
    boolean lowersCase,
    Optional<Sourced<Layers>> layers,
    Optional<Sourced<List<Pooling>>> pooler) {
  private static final int MOST = 100_000_000;

  /** Of a model that has no transformer, or says nothing of it. */
  static final TransformerModule NONE =
      new TransformerModule(Optional.empty(), false, Optional.empty(), Optional.empty());

  /** The first that says anything counts. */
  static final List<String> FILES =
      Stream.of("bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet")
          .map("sentence_%s_config.json"::formatted)
          .toList();

  /** Arguments of loading that change no vector, or do so in the graph already. */
  private static final Set<String> OF_LOADING =
      Set.of(
          "add_pooling_layer",
          "attn_implementation",
          "device_map",
          "dtype",
          "low_cpu_mem_usage",
          "output_attentions",
          "output_hidden_states",
          "revision",
          "torch_dtype",
          "trust_remote_code",
          "unpad_inputs",
          "use_fast",
          "use_memory_efficient_attention");

  static TransformerModule read(Path folder, String prefix) throws IOException {
    for (String name : FILES) {
      JsonFile file = JsonFile.object(folder.resolve(name));
      if (!file.isEmpty()) {
        return of(file, prefix + name);
      }
    }
    return NONE;
  }

  private static TransformerModule of(JsonFile given, String source) {
    JsonFile file =
        given
            .requireKnown(
                "max_seq_length",
                "do_lower_case",
                "model_args",
                "model_kwargs",
                "tokenizer_args",
                "processor_kwargs",
                "config_args",
                "config_kwargs",
                "tokenizer_name_or_path",
                "transformer_task",
                "modality_config",
                "module_output_name",
                "processing_kwargs",
                "unpad_inputs",
                "query_length",
                "document_length",
                "query_expansion")
            .withoutNulls(
                "max_seq_length",
                "model_args",
                "model_kwargs",
                "tokenizer_args",
                "processor_kwargs",
                "config_args",
                "config_kwargs",
                "processing_kwargs",
                "tokenizer_name_or_path");
    requireUnset(file, "query_length", "document_length", "query_expansion");
    requireUnset(file, "tokenizer_name_or_path");
    for (String key : List.of("model_args", "model_kwargs", "config_args", "config_kwargs")) {
      requireOfLoading(file.within(key), Set.of());
    }
    Optional<Integer> length = file.number("max_seq_length", 1, MOST);
    // The library puts the older name's in place of the newer's, whatever that holds.
    for (String key : List.of("processor_kwargs", "tokenizer_args")) {
      JsonFile tokenizer = file.within(key).withoutNulls("model_max_length");
      requireOfLoading(
          tokenizer, Set.of("model_max_length", "padding_side", "truncation_side", "use_fast"));
      Optional<Integer> most = tokenizer.number("model_max_length", 1, MOST);
      if (key.equals("tokenizer_args") || !file.has("tokenizer_args")) {
        length = most.or(outer(length));
      }
      TokenizerConfig.requireSide(tokenizer.text("truncation_side"), Path.of(source));
    }
    length = processingLength(file.within("processing_kwargs")).or(outer(length));
    Output output = output(file, source);
    return new TransformerModule(
        length.map(n -> new Sourced<>(n, source)),
        file.flag("do_lower_case").orElse(false),
        output.layers(),
        output.pooler());
  }

  private static <T> Supplier<Optional<T>> outer(Optional<T> otherwise) {
    return () -> otherwise;
  }

  private static void requireUnset(JsonFile file, String... keys) {
    for (String key : keys) {
      if (file.isSet(key)) {
        throw file.wrong(key, "null: Embark does not know it");
      }
    }
  }

  private static void requireOfLoading(JsonFile arguments, Set<String> known) {
    arguments.requireKnown(
        Stream.concat(OF_LOADING.stream(), known.stream()).distinct().toArray(String[]::new));
  }

  /** The length that texts are cut to when the tokenizer is called. */
  private static Optional<Integer> processingLength(JsonFile processing) {
    processing.requireKnown("common", "text", "audio", "image", "video", "chat_template");
    Optional<Integer> length = Optional.empty();
    // The library lets what is common win.
    for (String key : List.of("text", "common")) {
      JsonFile call =
          processing
              .within(key)
              .requireKnown("max_length", "padding", "truncation", "return_tensors")
              .withoutNulls("max_length");
      if (call.has("truncation")
          && !List.of("true", "\"longest_first\"", "\"only_first\"")
              .contains(call.json("truncation").orElse(""))) {
        throw call.wrong("truncation", "true or \"longest_first\"");
      }
      length = call.number("max_length", 1, MOST).or(outer(length));
    }
    return length;
  }

  private record Output(
      Optional<Sourced<Layers>> layers, Optional<Sourced<List<Pooling>>> pooler) {}

  /** What the transformer gives, and what of it is taken. */
  private static Output output(JsonFile file, String source) {
    String task = file.text("transformer_task").orElse("feature-extraction");
    if (!task.equals("feature-extraction")) {
      throw file.wrong("transformer_task", "\"feature-extraction\"");
    }
    if (!file.has("modality_config")) {
      if (file.isSet("module_output_name")) {
        requireTokens(file);
      }
      return new Output(Optional.empty(), Optional.empty());
    }
    JsonFile modalities = file.within("modality_config");
    if (modalities.has("message")) {
      throw new UserError(
          file.wrong("modality_config", "texts as they are").getMessage()
              + " With \"message\" every text goes through the model's chat template, which Embark"
              + " does not run: its vectors would be others. If the template is only words around"
              + " the text, write them as a prompt and remove \"message\".");
    }
    if (!modalities.has("text")) {
      throw file.wrong("modality_config", "an entry \"text\"");
    }
    JsonFile text =
        modalities.within("text").requireKnown("method", "method_output_name", "format");
    if (!text.require("method", text.text("method")).equals("forward")) {
      throw text.wrong("method", "\"forward\"");
    }
    String output = text.require("method_output_name", text.json("method_output_name"));
    if (output.equals("\"pooler_output\"")) {
      if (!file.text("module_output_name").orElse("").equals("sentence_embedding")) {
        throw file.wrong("module_output_name", "\"sentence_embedding\", as the pooler's output is");
      }
      return new Output(
          Optional.empty(), Optional.of(new Sourced<>(List.of(Pooling.POOLER), source)));
    }
    requireTokens(file);
    if (output.equals("\"last_hidden_state\"")) {
      return new Output(Optional.empty(), Optional.empty());
    }
    OptionalInt layer = hiddenState(output);
    if (layer.isEmpty()) {
      throw text.wrong(
          "method_output_name",
          "\"last_hidden_state\", \"pooler_output\" or [\"hidden_states\", N]");
    }
    Layers layers = new Layers(List.of(layer.getAsInt()));
    return new Output(Optional.of(new Sourced<>(layers, source)), Optional.empty());
  }

  private static OptionalInt hiddenState(String output) {
    return output.matches("\\[\"hidden_states\",-?[0-9]{1,4}]")
        ? OptionalInt.of(
            Integer.parseInt(output.substring(output.indexOf(',') + 1, output.length() - 1)))
        : OptionalInt.empty();
  }

  private static void requireTokens(JsonFile file) {
    if (!file.text("module_output_name").orElse("").equals("token_embeddings")) {
      throw file.wrong("module_output_name", "\"token_embeddings\"");
    }
  }
}
