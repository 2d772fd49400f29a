package io.embark.embed;

import io.embark.UserError;
import io.embark.model.ModelDirectory;
import io.embark.model.ModelDirectory.Sourced;
import io.embark.model.ModelWishes;
import io.embark.onnx.Device;
import io.embark.pooling.Layers;
import io.embark.pooling.Modules;
import io.embark.pooling.Norm;
import io.embark.pooling.Pooling;
import io.embark.text.Strip;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Every setting of an embedder with where it came from. Immutable; the only thing that travels to
 * executors.
 *
 * <p>A config as the user writes it leaves most settings open. {@link #resolve} fills them from the
 * model and the defaults; only a resolved config opens an {@link Embedder}.
 */
public final class EmbedderConfig implements Serializable {
  private static final long serialVersionUID = 1;
  private static final String SET_IN_CODE = "set in code";
  private static final String DEFAULT = "default";
  private static final String NO_PROMPT = "none";

  /** What may be the name of a prompt; anything else is taken as it is. */
  private static final Pattern NAME = Pattern.compile("[\\p{L}\\p{N}_.-]+");

  private final TreeMap<String, String> values;
  private final TreeMap<String, String> origins;
  private final boolean promptIsText;
  private final String wantedModel;

  private EmbedderConfig(Builder built) {
    values = new TreeMap<>(built.values);
    origins = new TreeMap<>(built.origins);
    promptIsText = built.promptIsText;
    wantedModel = built.wantedModel;
  }

  public static Builder builder() {
    return new Builder();
  }

  /** The defaults with a model of the user's choice. */
  public static EmbedderConfig of(String model) {
    return builder().set(Setting.MODEL, model, SET_IN_CODE).build();
  }

  public Builder toBuilder() {
    return new Builder().setAll(this).wantedModel(wantedModel);
  }

  /** The value of a setting, its default if it was not set, or null if that is up to the model. */
  public <T> T get(Setting<T> setting) {
    String text = text(setting);
    return text == null ? null : setting.parse(text);
  }

  /** The value as text; null as in {@link #get}. */
  public String text(Setting<?> setting) {
    return values.getOrDefault(setting.key(), setting.defaultText());
  }

  /** Where the value came from: a flag, a file, a file of the model, or {@code default}. */
  public String origin(Setting<?> setting) {
    return origins.getOrDefault(setting.key(), DEFAULT);
  }

  /** Whether a value was chosen rather than left to the model or the default. */
  public boolean isSet(Setting<?> setting) {
    return values.containsKey(setting.key());
  }

  /** Whether a setting has its default value, chosen or not, however it is spelt. */
  public boolean isDefault(Setting<?> setting) {
    String otherwise = setting.defaultText();
    return otherwise == null
        ? text(setting) == null
        : get(setting).equals(setting.parse(otherwise));
  }

  /** Whether the prompt is the text itself rather than maybe a name that the model has for one. */
  public boolean promptIsText() {
    return promptIsText;
  }

  /** The fingerprint of the only model that will do, or null if any will. */
  public String wantedModel() {
    return wantedModel;
  }

  /**
   * Fills what was left open from the model, then from the defaults. A resolved config resolves to
   * itself: executors do it again with what the driver sent them.
   *
   * @throws UserError if the model wants something else than it was told
   * @throws UncheckedIOException if a file of the model cannot be read
   */
  public EmbedderConfig resolve(ModelDirectory model) {
    StaticSettings.require(model, this);
    Builder resolved = toBuilder();
    ModelWishes wishes = model.wishes();
    if (!isSet(Setting.POOLING)) {
      var poolings = OwnPooling.of(model, this);
      // A model trained with several means their joined vector.
      var several = poolings.filter(own -> own.value().size() > 1);
      resolved.fill(Setting.CONCAT, several, own -> "true", null);
      resolved.fill(Setting.POOLING, poolings, own -> joined(own, Pooling::label), "mean");
    }
    if (resolved.build().get(Setting.POOLING).stream().anyMatch(Pooling::usesTokenStates)) {
      resolved.fill(Setting.LAYERS, wishes.layers(), Layers::label, null);
    }
    if (!isSet(Setting.TRUNCATE_DIM) && wishes.truncateDim().isPresent()) {
      resolved.fill(Setting.RESCALE_TRUNCATED, wishes.truncateDim(), dim -> "false", null);
    }
    resolved
        .fill(Setting.TRUNCATE_DIM, wishes.truncateDim(), String::valueOf, null)
        .fill(Setting.NORMALIZE, model.norm(), Norm::label, "none")
        .fill(Setting.MAX_LENGTH, model.maxLength(), String::valueOf, "512")
        .fill(Setting.PROMPT, model.defaultPrompt(), prompt -> prompt, NO_PROMPT)
        .fill(Setting.EXCLUDE_PROMPT, model.excludePrompt(), own -> "true", null);
    keepOrUnset(resolved, Setting.MODULES, model.hasModules(), Modules.MODEL.label());
    keepOrUnset(resolved, Setting.STRIP, stripMatters(model), Strip.NONE.label());
    if (model.isStatic()) {
      // Nobody is to look for a GPU, nor to be told that there is none.
      resolved.rewrite(Setting.DEVICE, Device.CPU.label());
    }
    EmbedderConfig filled = resolved.build();
    filled.requirePositions(model);
    return filled.asRecorded().withPromptText(model);
  }

  /**
   * Says of a setting what is done, or nothing where it has no effect, so that equals are equal.
   */
  private static void keepOrUnset(
      Builder resolved, Setting<?> setting, boolean matters, String otherwise) {
    if (matters) {
      resolved.fill(setting, Optional.empty(), value -> "", otherwise);
    } else {
      resolved.unset(setting);
    }
  }

  private static boolean stripMatters(ModelDirectory model) {
    try {
      // Static models' texts never were stripped.
      return !model.isStatic()
          && (model.tokenizer().splitsWords()
              || model.sentenceModel() && model.tokenizer().spacesMatter());
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + model.tokenizerJson(), e);
    }
  }

  /** A longer text would fail in the graph, in whatever task it comes up first. */
  private void requirePositions(ModelDirectory model) {
    int maxLength = get(Setting.MAX_LENGTH);
    Sourced<Integer> positions = model.positions().orElse(null);
    if (positions != null && maxLength > positions.value()) {
      throw new UserError(
          "max-length: %d (%s), but model %s has positions for %d tokens only (%s)."
              .formatted(
                  maxLength,
                  origin(Setting.MAX_LENGTH),
                  model.name(),
                  positions.value(),
                  positions.source()));
    }
  }

  /** Names as Embark writes them, however the user spelt them. */
  private EmbedderConfig asRecorded() {
    // The default model named and the default model left out are one model.
    return toBuilder()
        .rewrite(Setting.MODEL, text(Setting.MODEL))
        .rewrite(Setting.POOLING, joined(get(Setting.POOLING), Pooling::label))
        .rewrite(Setting.LAYERS, joined(get(Setting.LAYERS), Layers::label))
        .rewrite(Setting.PRECISION, get(Setting.PRECISION).label())
        .rewrite(Setting.NORMALIZE, get(Setting.NORMALIZE).label())
        .rewrite(Setting.MAX_LENGTH, get(Setting.MAX_LENGTH).toString())
        .build();
  }

  private static <E> String joined(List<E> choices, Function<E, String> label) {
    return choices.stream().map(label).collect(Collectors.joining(","));
  }

  /** Replaces the name of a prompt by its text; the empty text is no prompt. */
  private EmbedderConfig withPromptText(ModelDirectory model) {
    if (promptIsText) {
      return this;
    }
    String prompt = text(Setting.PROMPT);
    Builder builder = toBuilder();
    String origin = origin(Setting.PROMPT);
    if (prompt.equals(NO_PROMPT) || prompt.isEmpty()) {
      return builder.promptText("", origin).build();
    }
    String named = model.prompts().get(prompt);
    if (named != null) {
      String ofModel = "%s, prompt '%s' of the model".formatted(origin, prompt);
      return builder.promptText(named, ofModel).build();
    }
    if (prompt.matches("(?s)\".+\"")) {
      return builder.promptText(prompt.substring(1, prompt.length() - 1), origin).build();
    }
    if (!NAME.matcher(prompt).matches()) {
      return builder.promptText(prompt, origin).build();
    }
    // A misspelt name must not become a word before every text.
    throw new UserError(
        ("prompt: model %s has no prompt named '%s'; it has %s. If this one word is to stand before"
                + " every text, put it into double quotes.")
            .formatted(
                model.name(),
                prompt,
                model.prompts().isEmpty() ? "none" : String.join(", ", model.prompts().keySet())));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof EmbedderConfig config
        && values.equals(config.values)
        && promptIsText == config.promptIsText
        && Objects.equals(wantedModel, config.wantedModel);
  }

  @Override
  public int hashCode() {
    return values.hashCode();
  }

  @Override
  public String toString() {
    return values.toString();
  }

  /** Collects settings; later ones win. */
  public static final class Builder {
    private final TreeMap<String, String> values = new TreeMap<>();
    private final TreeMap<String, String> origins = new TreeMap<>();
    private boolean promptIsText;
    private String wantedModel;

    private Builder() {}

    /**
     * Sets one setting from text.
     *
     * @param origin where the text was found, for messages and the run's record
     * @throws UserError if the value is not allowed
     */
    public Builder set(Setting<?> setting, String text, String origin) {
      setting.parse(Objects.requireNonNull(text, setting.key()));
      values.put(setting.key(), text);
      origins.put(setting.key(), origin);
      promptIsText &= setting != Setting.PROMPT;
      return this;
    }

    /** Takes every setting that another config sets; which model it wants is left out. */
    public Builder setAll(EmbedderConfig other) {
      values.putAll(other.values);
      origins.putAll(other.origins);
      promptIsText = other.isSet(Setting.PROMPT) ? other.promptIsText : promptIsText;
      return this;
    }

    /** Leaves a setting open again. */
    public Builder unset(Setting<?> setting) {
      values.remove(setting.key());
      origins.remove(setting.key());
      return this;
    }

    /** The text put before every text, whatever it ends in; never taken for a name. */
    public Builder promptText(String text, String origin) {
      set(Setting.PROMPT, text, origin);
      promptIsText = true;
      return this;
    }

    /**
     * Sets what was left open.
     *
     * @param otherwise where the model does not say; null to leave it open
     */
    private <T> Builder fill(
        Setting<?> setting,
        Optional<Sourced<T>> ofModel,
        Function<T, String> text,
        String otherwise) {
      if (values.containsKey(setting.key())) {
        return this;
      }
      if (ofModel.isPresent()) {
        return set(setting, text.apply(ofModel.get().value()), "model's " + ofModel.get().source());
      }
      return otherwise == null ? this : set(setting, otherwise, DEFAULT);
    }

    /** Another spelling of a value. */
    private Builder rewrite(Setting<?> setting, String text) {
      return set(setting, text, origins.getOrDefault(setting.key(), DEFAULT));
    }

    public Builder model(String uri) {
      return set(Setting.MODEL, uri, SET_IN_CODE);
    }

    /** One pooling, or several in one pass. */
    public Builder pooling(Pooling... poolings) {
      return set(Setting.POOLING, joined(List.of(poolings), Pooling::label), SET_IN_CODE);
    }

    /** One choice of layers, or several in one pass. */
    public Builder layers(Layers... layers) {
      return set(Setting.LAYERS, joined(List.of(layers), Layers::label), SET_IN_CODE);
    }

    /** Join the vectors of several poolings into one. */
    public Builder concat(boolean concat) {
      return set(Setting.CONCAT, Boolean.toString(concat), SET_IN_CODE);
    }

    /** Keep only the first values of each vector; 0 keeps all. */
    public Builder truncateDim(int dimensions) {
      return set(Setting.TRUNCATE_DIM, Integer.toString(dimensions), SET_IN_CODE);
    }

    public Builder normalize(Norm norm) {
      return set(Setting.NORMALIZE, norm.label(), SET_IN_CODE);
    }

    /** The most tokens per text, special tokens included. */
    public Builder maxLength(int tokens) {
      return set(Setting.MAX_LENGTH, Integer.toString(tokens), SET_IN_CODE);
    }

    /** A prompt's name in the model, or literal text; a single word of it in double quotes. */
    public Builder prompt(String nameOrText) {
      return set(Setting.PROMPT, nameOrText, SET_IN_CODE);
    }

    public Builder device(Device device) {
      return set(Setting.DEVICE, device.label(), SET_IN_CODE);
    }

    /** The most padded tokens in a batch. */
    public Builder tokenBudget(int tokens) {
      return set(Setting.TOKEN_BUDGET, Integer.toString(tokens), SET_IN_CODE);
    }

    /** Threads that share the work of one batch on a CPU. */
    public Builder intraOpThreads(int threads) {
      return set(Setting.INTRA_OP_THREADS, Integer.toString(threads), SET_IN_CODE);
    }

    /**
     * Accepts no model but the one with this {@link ModelDirectory#fingerprint()}. The driver says
     * so to the executors, whose hosts may hold another one under the same path.
     */
    public Builder wantedModel(String fingerprint) {
      wantedModel = fingerprint;
      return this;
    }

    public EmbedderConfig build() {
      return new EmbedderConfig(this);
    }
  }
}
