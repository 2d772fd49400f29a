package io.embark.model;

import com.fasterxml.jackson.databind.JsonNode;
import io.embark.UserError;
import io.embark.pooling.Norm;
import io.embark.pooling.Pooling;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * {@code modules.json}: the steps a sentence-transformers model runs after the transformer.
 *
 * @param present whether there is such a file
 * @param excludePrompt set if the model leaves the prompt's tokens out of its pooling
 */
record SentenceTransformersModules(
    boolean present,
    Optional<Sourced<List<Pooling>>> poolings,
    Optional<Sourced<Norm>> norm,
    Optional<Sourced<Boolean>> excludePrompt) {

  /** A key of a Pooling module's config.json, as sentence-transformers writes it. */
  private record Mode(String key, Pooling pooling) {}

  /** In the order in which sentence-transformers joins the vectors of several. */
  private static final List<Mode> MODES =
      List.of(
          new Mode("pooling_mode_cls_token", Pooling.CLS),
          new Mode("pooling_mode_max_tokens", Pooling.MAX),
          new Mode("pooling_mode_mean_tokens", Pooling.MEAN),
          new Mode("pooling_mode_mean_sqrt_len_tokens", Pooling.MEAN_SQRT_LEN),
          new Mode("pooling_mode_weightedmean_tokens", Pooling.WEIGHTED_MEAN),
          new Mode("pooling_mode_lasttoken", Pooling.LAST_TOKEN));

  static SentenceTransformersModules read(ModelJson json, String model) throws IOException {
    JsonNode modules = json.read("modules.json");
    if (modules.isMissingNode()) {
      // Some exports keep the pooling settings without the list of modules.
      String file = "1_Pooling/config.json";
      JsonNode config = json.read(file);
      return new SentenceTransformersModules(
          !config.isMissingNode(),
          poolings(config, file, model),
          Optional.empty(),
          excludePrompt(config, file));
    }
    Optional<Sourced<List<Pooling>>> poolings = Optional.empty();
    Optional<Sourced<Boolean>> excludePrompt = Optional.empty();
    Sourced<Norm> norm = new Sourced<>(Norm.NONE, "modules.json");
    for (JsonNode module : modules) {
      String type = module.path("type").asText();
      String simpleName = type.substring(type.lastIndexOf('.') + 1);
      switch (simpleName) {
        case "Transformer" -> {}
        case "Pooling" -> {
          String path = module.path("path").asText("1_Pooling");
          String file = path.isEmpty() ? "config.json" : path + "/config.json";
          poolings = poolings(json.read(file), file, model);
          excludePrompt = excludePrompt(json.read(file), file);
        }
        case "Normalize" -> norm = new Sourced<>(Norm.L2, "modules.json");
        default ->
            throw new UserError(
                ("Model %s has a module '%s' in modules.json that Embark cannot run (it runs"
                        + " Transformer, Pooling and Normalize), so its vectors would not be the"
                        + " model's own. Remove that line from modules.json to go without it.")
                    .formatted(model, type));
      }
    }
    return new SentenceTransformersModules(true, poolings, Optional.of(norm), excludePrompt);
  }

  private static Optional<Sourced<List<Pooling>>> poolings(
      JsonNode config, String file, String model) {
    List<Pooling> chosen = new ArrayList<>();
    for (Mode mode : MODES) {
      if (config.path(mode.key()).asBoolean(false)) {
        chosen.add(mode.pooling());
      }
    }
    // Newer files name the mode in one field.
    JsonNode mode = config.path("pooling_mode");
    if (chosen.isEmpty() && mode.isTextual()) {
      chosen.add(newStyle(mode.asText(), file, model));
    }
    for (JsonNode part : mode) {
      chosen.add(newStyle(part.asText(), file, model));
    }
    return chosen.isEmpty()
        ? Optional.empty()
        : Optional.of(new Sourced<>(List.copyOf(chosen), file));
  }

  private static Optional<Sourced<Boolean>> excludePrompt(JsonNode config, String file) {
    return config.path("include_prompt").asBoolean(true)
        ? Optional.empty()
        : Optional.of(new Sourced<>(true, file));
  }

  private static Pooling newStyle(String mode, String file, String model) {
    return switch (mode) {
      case "cls" -> Pooling.CLS;
      case "mean" -> Pooling.MEAN;
      case "max" -> Pooling.MAX;
      case "mean_sqrt_len_tokens" -> Pooling.MEAN_SQRT_LEN;
      case "weightedmean" -> Pooling.WEIGHTED_MEAN;
      case "lasttoken" -> Pooling.LAST_TOKEN;
      default ->
          throw new UserError(
              "Model %s asks for an unknown pooling_mode '%s' in %s; set --pooling to one of %s."
                  .formatted(model, mode, file, Pooling.labels()));
    };
  }
}
