package io.embark.spark;

import io.embark.UserError;
import io.embark.embed.ChunkSettings;
import io.embark.embed.EmbedderConfig;
import io.embark.embed.Setting;
import java.util.List;
import org.apache.spark.ml.Transformer;
import org.apache.spark.ml.param.BooleanParam;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructType;

/**
 * A stage with params that are {@link Setting}s, among them those of {@link TextEmbedder} and
 * {@link TextChunker} alike. Spark finds a param by the public method that returns it, and knows it
 * again by its name.
 *
 * @param <T> the class itself, so that setters can be chained
 */
public abstract class SettingParams<T extends SettingParams<T>> extends Transformer {
  private static final long serialVersionUID = 1;

  private final String uid;

  SettingParams(String uid) {
    this.uid = uid;
    setDefault(inputCol(), "text");
  }

  @Override
  public String uid() {
    return uid;
  }

  /** This, with its own type. */
  @SuppressWarnings("unchecked")
  final T self() {
    return (T) this;
  }

  String describe(Setting<?> setting) {
    return "%s (default: %s)".formatted(setting.description(), setting.defaultInWords());
  }

  final Param<String> text(Setting<?> setting) {
    return new Param<>(uid, setting.paramName(), describe(setting));
  }

  final BooleanParam toggle(Setting<Boolean> setting) {
    return new BooleanParam(uid, setting.paramName(), describe(setting));
  }

  final IntParam number(Setting<Integer> setting) {
    return new IntParam(uid, setting.paramName(), describe(setting));
  }

  /**
   * @throws UserError if the setting does not take the value
   */
  final T set(Setting<?> setting, Object value) {
    setting.parse(value.toString());
    set(setting.paramName(), value);
    return self();
  }

  /** Those of some settings that are set. */
  final EmbedderConfig.Builder given(List<Setting<?>> settings) {
    EmbedderConfig.Builder config = EmbedderConfig.builder();
    for (Setting<?> setting : settings) {
      Param<?> param = getParam(setting.paramName());
      if (isSet(param)) {
        config.set(setting, getOrDefault(param).toString(), "param " + param.name());
      }
    }
    return config;
  }

  public Param<String> inputCol() {
    return new Param<>(uid, "inputCol", "column of texts");
  }

  /** Column of texts; {@code text} by default. */
  public T setInputCol(String value) {
    set(inputCol(), value);
    return self();
  }

  /**
   * @throws UserError if there is no such column of strings
   */
  final int textIndex(StructType schema) {
    String wanted = getOrDefault(inputCol());
    int index = List.of(schema.fieldNames()).indexOf(wanted);
    if (index < 0) {
      throw new UserError(
          "No column '%s' in the input; it has %s. Set inputCol to the column of texts."
              .formatted(wanted, String.join(", ", schema.fieldNames())));
    }
    DataType type = schema.fields()[index].dataType();
    if (!(type instanceof StringType)) {
      throw new UserError(
          "Column '%s' holds %s; wanted texts (string). Cast it first, or set inputCol."
              .formatted(wanted, type.simpleString()));
    }
    return index;
  }

  public Param<String> model() {
    return text(Setting.MODEL);
  }

  public T setModel(String value) {
    return set(Setting.MODEL, value);
  }

  public Param<String> modelFile() {
    return text(Setting.MODEL_FILE);
  }

  public T setModelFile(String value) {
    return set(Setting.MODEL_FILE, value);
  }

  public IntParam maxLength() {
    return number(Setting.MAX_LENGTH);
  }

  public T setMaxLength(int value) {
    return set(Setting.MAX_LENGTH, value);
  }

  public Param<String> prompt() {
    return text(Setting.PROMPT);
  }

  public T setPrompt(String value) {
    return set(Setting.PROMPT, value);
  }

  public IntParam chunkTokens() {
    return number(ChunkSettings.CHUNK_TOKENS);
  }

  public T setChunkTokens(int value) {
    return set(ChunkSettings.CHUNK_TOKENS, value);
  }

  public IntParam chunkOverlap() {
    return number(ChunkSettings.CHUNK_OVERLAP);
  }

  public T setChunkOverlap(int value) {
    return set(ChunkSettings.CHUNK_OVERLAP, value);
  }
}
