package io.embark.embed;

import io.embark.UserError;
import io.embark.model.ModelDirectory;
import io.embark.onnx.Precision;
import io.embark.pooling.Layers;
import io.embark.pooling.Pooling;
import java.util.List;
import java.util.function.Predicate;

/** What can be set of a model that looks tokens up in a matrix and averages what it finds. */
final class StaticSettings {
  private static final List<Rule<?>> RULES =
      List.of(
          new Rule<>(Setting.POOLING, List.of(Pooling.MEAN)::equals, "the mean is all it has"),
          new Rule<>(Setting.LAYERS, List.of(Layers.LAST)::equals, "it has no layers"),
          new Rule<>(Setting.MODEL_OUTPUT, name -> false, "it has no graph"),
          new Rule<>(Setting.TOKEN_STATES, on -> !on, "it has no token states"),
          new Rule<>(Setting.EXCLUDE_SPECIAL_TOKENS, on -> !on, "its texts get no special tokens"),
          new Rule<>(
              Setting.EXCLUDE_PROMPT, on -> !on, "it averages a prompt's tokens with the text's"),
          new Rule<>(
              Setting.PRECISION, Precision.FLOAT::equals, "it multiplies nothing that gains by it"),
          new Rule<>(
              Setting.DEVICE,
              device -> !device.needsGpu(),
              "a GPU would wait for memory; it runs on the CPU"));

  private StaticSettings() {}

  /**
   * @param allowed what changes nothing, as the setting's default
   */
  private record Rule<T>(Setting<T> setting, Predicate<T> allowed, String reason) {
    void check(EmbedderConfig config, String model) {
      if (config.isSet(setting) && !allowed.test(config.get(setting))) {
        throw new UserError(
            "%s: %s (%s), but model %s is static, a matrix with a vector for each token: %s. Leave %s out."
                .formatted(
                    setting.key(),
                    config.text(setting),
                    config.origin(setting),
                    model,
                    reason,
                    setting.key()));
      }
    }
  }

  /**
   * @throws UserError if the model is static, and is told what it cannot do
   */
  static void require(ModelDirectory model, EmbedderConfig config) {
    if (model.isStatic()) {
      RULES.forEach(rule -> rule.check(config, model.name()));
    }
  }
}
