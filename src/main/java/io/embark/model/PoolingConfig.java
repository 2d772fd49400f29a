package io.embark.model;

import io.embark.json.JsonFile;
import io.embark.pooling.Pooling;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * {@code 1_Pooling/config.json}, in its older form with a key for each pooling and its newer one
 * with {@code pooling_mode}, which wins where a file has both.
 *
 * @param poolings of several, their vectors are joined in this order
 * @param includePrompt whether the prompt's tokens are pooled
 */
record PoolingConfig(List<Pooling> poolings, boolean includePrompt) {
  private static final int MOST = 100_000_000;

  /** A pooling as older files name it with a key of its own and newer ones in one field. */
  private record Mode(String key, String name, Pooling pooling) {}

  /** In the order in which sentence-transformers joins the vectors of several older keys. */
  private static final List<Mode> MODES =
      List.of(
          new Mode("pooling_mode_cls_token", "cls", Pooling.CLS),
          new Mode("pooling_mode_max_tokens", "max", Pooling.MAX),
          new Mode("pooling_mode_mean_tokens", "mean", Pooling.MEAN),
          new Mode(
              "pooling_mode_mean_sqrt_len_tokens", "mean_sqrt_len_tokens", Pooling.MEAN_SQRT_LEN),
          new Mode("pooling_mode_weightedmean_tokens", "weightedmean", Pooling.WEIGHTED_MEAN),
          new Mode("pooling_mode_lasttoken", "lasttoken", Pooling.LAST_TOKEN));

  static PoolingConfig of(JsonFile file) {
    List<String> known =
        new ArrayList<>(
            List.of(
                "word_embedding_dimension",
                "embedding_dimension",
                "pooling_mode",
                "include_prompt"));
    MODES.forEach(mode -> known.add(mode.key));
    file.requireKnown(known.toArray(String[]::new));
    file.number("word_embedding_dimension", 1, MOST);
    file.number("embedding_dimension", 1, MOST);
    List<Pooling> older = new ArrayList<>();
    for (Mode mode : MODES) {
      if (file.flag(mode.key).orElse(false)) {
        older.add(mode.pooling);
      }
    }
    List<Pooling> poolings =
        file.has("pooling_mode") ? named(file) : older.isEmpty() ? List.of(Pooling.MEAN) : older;
    return new PoolingConfig(poolings, file.flag("include_prompt").orElse(true));
  }

  private static List<Pooling> named(JsonFile file) {
    Map<String, Pooling> byName = new LinkedHashMap<>();
    MODES.forEach(mode -> byName.put(mode.name, mode.pooling));
    String wanted =
        "one of %s, or a list of them, each once".formatted(String.join(", ", byName.keySet()));
    Optional<List<String>> names = file.texts("pooling_mode");
    List<Pooling> poolings = new ArrayList<>();
    for (String name : names.orElse(List.of())) {
      Pooling pooling = byName.get(name);
      if (pooling == null || poolings.contains(pooling)) {
        throw file.wrong("pooling_mode", wanted);
      }
      poolings.add(pooling);
    }
    return poolings;
  }
}
