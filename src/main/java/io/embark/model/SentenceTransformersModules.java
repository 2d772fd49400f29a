package io.embark.model;

import com.fasterxml.jackson.databind.JsonNode;
import io.embark.pooling.Norm;
import io.embark.pooling.Pooling;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * {@code modules.json}: the steps a sentence-transformers model runs after the transformer.
 *
 * @param present whether there is such a file
 */
record SentenceTransformersModules(
    boolean present, Optional<Sourced<Pooling>> pooling, Optional<Sourced<Norm>> norm) {

  /** Keys of a Pooling module's config.json, as sentence-transformers writes them. */
  private static final Map<String, Pooling> MODES =
      Map.of(
          "pooling_mode_cls_token", Pooling.CLS,
          "pooling_mode_mean_tokens", Pooling.MEAN,
          "pooling_mode_max_tokens", Pooling.MAX,
          "pooling_mode_mean_sqrt_len_tokens", Pooling.MEAN_SQRT_LEN,
          "pooling_mode_weightedmean_tokens", Pooling.WEIGHTED_MEAN,
          "pooling_mode_lasttoken", Pooling.LAST_TOKEN);

  static SentenceTransformersModules read(ModelJson json, String model) throws IOException {
    JsonNode modules = json.read("modules.json");
    if (modules.isMissingNode()) {
      // Some exports keep the pooling settings without the list of modules.
      String file = "1_Pooling/config.json";
      JsonNode config = json.read(file);
      return new SentenceTransformersModules(
          !config.isMissingNode(), pooling(config, file, model), Optional.empty());
    }
    Optional<Sourced<Pooling>> pooling = Optional.empty();
    Sourced<Norm> norm = new Sourced<>(Norm.NONE, "modules.json");
    for (JsonNode module : modules) {
      String type = module.path("type").asText();
      String simpleName = type.substring(type.lastIndexOf('.') + 1);
      switch (simpleName) {
        case "Transformer" -> {}
        case "Pooling" -> {
          String path = module.path("path").asText("1_Pooling");
          String file = path.isEmpty() ? "config.json" : path + "/config.json";
          pooling = pooling(json.read(file), file, model);
        }
        case "Normalize" -> norm = new Sourced<>(Norm.L2, "modules.json");
        default ->
            throw new IllegalArgumentException(
                ("Model %s has a module '%s' in modules.json that Embark cannot run (it runs"
                        + " Transformer, Pooling and Normalize), so its vectors would not be the"
                        + " model's own. Remove that line from modules.json to go without it.")
                    .formatted(model, type));
      }
    }
    return new SentenceTransformersModules(true, pooling, Optional.of(norm));
  }

  private static Optional<Sourced<Pooling>> pooling(JsonNode config, String file, String model) {
    List<Pooling> chosen = new ArrayList<>();
    MODES.forEach(
        (key, pooling) -> {
          if (config.path(key).asBoolean(false)) {
            chosen.add(pooling);
          }
        });
    // Newer files name the mode in one field.
    JsonNode mode = config.path("pooling_mode");
    if (chosen.isEmpty() && mode.isTextual()) {
      chosen.add(newStyle(mode.asText(), file, model));
    }
    if (chosen.size() > 1) {
      // A pooling of several joined parts is not one of ours: the user has to choose.
      return Optional.empty();
    }
    return chosen.stream().findFirst().map(p -> new Sourced<>(p, file));
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
          throw new IllegalArgumentException(
              "Model %s asks for an unknown pooling_mode '%s' in %s; set --pooling to one of %s."
                  .formatted(model, mode, file, Pooling.labels()));
    };
  }
}
