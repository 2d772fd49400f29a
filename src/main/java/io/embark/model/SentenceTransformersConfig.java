package io.embark.model;

import io.embark.UserError;
import io.embark.json.JsonFile;
import io.embark.model.ModelDirectory.Sourced;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * {@code config_sentence_transformers.json}: prompts, and to how many values vectors are cut.
 *
 * @param prompts by name
 * @param defaultPrompt name of the prompt that goes before every text unless told otherwise
 * @param truncateDim how many leading values of the finished vector are kept
 */
record SentenceTransformersConfig(
    Map<String, String> prompts,
    Optional<Sourced<String>> defaultPrompt,
    Optional<Sourced<Integer>> truncateDim) {
  static final String FILE = "config_sentence_transformers.json";
  private static final String OWN_TYPE = "SentenceTransformer";
  private static final int MOST = 1_000_000;

  static SentenceTransformersConfig read(Path directory, String model) throws IOException {
    JsonFile file =
        JsonFile.object(directory.resolve(FILE))
            .requireKnown(
                "__version__",
                "prompts",
                "default_prompt_name",
                "similarity_fn_name",
                "model_type",
                "truncate_dim",
                "requirements")
            .withoutNulls("prompts", "default_prompt_name", "truncate_dim", "model_type");
    String type = file.text("model_type").orElse(OWN_TYPE);
    if (!type.equals(OWN_TYPE)) {
      throw new UserError(
          ("Model %s is a %s (model_type in %s), which gives no dense sentence vectors; Embark runs"
                  + " models of type %s.")
              .formatted(model, type, FILE, OWN_TYPE));
    }
    Map<String, String> prompts = prompts(file.within("prompts"));
    Optional<String> name = file.text("default_prompt_name");
    if (name.isPresent() && !prompts.containsKey(name.get())) {
      throw file.wrong("default_prompt_name", "one of the prompts " + prompts.keySet());
    }
    return new SentenceTransformersConfig(
        prompts,
        name.map(prompt -> new Sourced<>(prompt, FILE)),
        file.number("truncate_dim", 1, MOST).map(dim -> new Sourced<>(dim, FILE)));
  }

  /** A prompt that is null is an empty one. */
  private static Map<String, String> prompts(JsonFile file) {
    Map<String, String> prompts = new LinkedHashMap<>();
    for (String name : file.keys()) {
      prompts.put(name, file.withoutNulls(name).text(name).orElse(""));
    }
    return prompts;
  }
}
