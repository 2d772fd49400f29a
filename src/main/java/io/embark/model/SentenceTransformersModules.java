package io.embark.model;

import com.fasterxml.jackson.databind.JsonNode;
import io.embark.UserError;
import io.embark.model.ModelDirectory.Sourced;
import io.embark.pooling.Norm;
import io.embark.pooling.Pooling;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** {@code modules.json}: the steps a sentence-transformers model runs after the transformer. */
record SentenceTransformersModules(
    boolean present,
    Optional<Sourced<List<Pooling>>> poolings,
    Optional<Sourced<Norm>> norm,
    Optional<Sourced<Boolean>> excludePrompt) {

  /** A pooling, as older files name it with a key of its own and newer ones in one field. */
  private record Mode(String key, String name, Pooling pooling) {}

  /** In the order in which sentence-transformers joins the vectors of several. */
  private static final List<Mode> MODES =
      List.of(
          new Mode("pooling_mode_cls_token", "cls", Pooling.CLS),
          new Mode("pooling_mode_max_tokens", "max", Pooling.MAX),
          new Mode("pooling_mode_mean_tokens", "mean", Pooling.MEAN),
          new Mode(
              "pooling_mode_mean_sqrt_len_tokens", "mean_sqrt_len_tokens", Pooling.MEAN_SQRT_LEN),
          new Mode("pooling_mode_weightedmean_tokens", "weightedmean", Pooling.WEIGHTED_MEAN),
          new Mode("pooling_mode_lasttoken", "lasttoken", Pooling.LAST_TOKEN));

  static SentenceTransformersModules read(Path directory, String model) throws IOException {
    JsonNode modules = ModelFiles.json(directory, "modules.json");
    if (modules.isMissingNode()) {
      // Some exports keep the pooling settings without the list of modules.
      String file = "1_Pooling/config.json";
      JsonNode config = ModelFiles.json(directory, file);
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
          JsonNode config = ModelFiles.json(directory, file);
          poolings = poolings(config, file, model);
          excludePrompt = excludePrompt(config, file);
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
    MODES.stream()
        .filter(mode -> config.path(mode.key).asBoolean(false))
        .forEach(mode -> chosen.add(mode.pooling));
    JsonNode mode = config.path("pooling_mode");
    if (chosen.isEmpty() && mode.isTextual()) {
      chosen.add(byName(mode.asText(), file, model));
    }
    mode.forEach(part -> chosen.add(byName(part.asText(), file, model)));
    return Optional.of(new Sourced<>(List.copyOf(chosen), file)).filter(s -> !s.value().isEmpty());
  }

  private static Optional<Sourced<Boolean>> excludePrompt(JsonNode config, String file) {
    boolean included = config.path("include_prompt").asBoolean(true);
    return included ? Optional.empty() : Optional.of(new Sourced<>(true, file));
  }

  private static Pooling byName(String name, String file, String model) {
    return MODES.stream()
        .filter(mode -> mode.name().equals(name))
        .map(Mode::pooling)
        .findFirst()
        .orElseThrow(
            () ->
                new UserError(
                    ("Model %s asks for an unknown pooling_mode '%s' in %s; set --pooling to one of"
                            + " %s.")
                        .formatted(model, name, file, Pooling.labels())));
  }
}
