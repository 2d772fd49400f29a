package io.embark.analysis.compare;

import io.embark.UserError;
import io.embark.embed.EmbedderConfig;
import io.embark.embed.Setting;
import io.embark.pooling.Pooling;
import io.embark.spark.executor.ModelFacts;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The vectors to compare: those asked for, or of every pooling that the model allows.
 *
 * @param facts of the model with all of them in one pass
 * @param own name of the vector that the model itself wants, if it is one of them
 * @param notes what was left out and why
 */
public record Offered(ModelFacts facts, Optional<String> own, List<String> notes) {

  /**
   * Opens the model on the driver.
   *
   * @throws UserError if model and settings do not go together
   */
  public static Offered of(EmbedderConfig config) {
    if (config.isSet(Setting.CONCAT) && config.get(Setting.CONCAT)) {
      throw new UserError(
          "concat: poolings that are joined into one vector leave nothing to compare. Leave it out.");
    }
    List<String> notes = new ArrayList<>();
    ModelFacts facts =
        config.isSet(Setting.POOLING)
            ? ModelFacts.of(separate(config))
            : everyPooling(config, notes);
    return new Offered(facts, own(config, facts), notes);
  }

  private static EmbedderConfig separate(EmbedderConfig config) {
    return config.toBuilder().concat(false).build();
  }

  private static ModelFacts everyPooling(EmbedderConfig config, List<String> notes) {
    Pooling[] all = Pooling.values();
    try {
      return ModelFacts.of(separate(config.toBuilder().pooling(all).build()));
    } catch (IllegalArgumentException e) {
      Pooling[] rest = Arrays.stream(all).filter(Pooling::usesTokenStates).toArray(Pooling[]::new);
      // Whatever else is wrong is said here.
      ModelFacts facts = ModelFacts.of(separate(config.toBuilder().pooling(rest).build()));
      notes.add("pooler left out: " + e.getMessage());
      return facts;
    }
  }

  /** The vector that {@code embed} would make without being told how to pool. */
  private static Optional<String> own(EmbedderConfig config, ModelFacts facts) {
    EmbedderConfig.Builder open = EmbedderConfig.builder();
    for (Setting<?> setting : Setting.ALL) {
      if (config.isSet(setting) && setting != Setting.POOLING && setting != Setting.LAYERS) {
        open.set(setting, config.text(setting), config.origin(setting));
      }
    }
    try {
      String name = String.join("_", ModelFacts.of(open.build()).vectorNames());
      String amongLayers = name + "_minus1";
      return facts.vectorNames().stream()
          .filter(vector -> vector.equals(name) || vector.equals(amongLayers))
          .filter(vector -> !vector.equals(name) || lastLayer(facts, vector))
          .findFirst();
    } catch (IllegalArgumentException e) {
      // A model that wants a pooling Embark does not know.
      return Optional.empty();
    }
  }

  private static boolean lastLayer(ModelFacts facts, String vector) {
    return vector.equals(Pooling.POOLER.label())
        || facts.config().get(Setting.LAYERS).stream().allMatch(layers -> layers.isLast());
  }

  public List<Candidate> candidates() {
    List<Candidate> candidates = new ArrayList<>();
    for (int i = 0; i < facts.vectorNames().size(); i++) {
      candidates.add(new Candidate(facts.vectorNames().get(i), facts.dimensions().get(i)));
    }
    return candidates;
  }
}
