package io.embark.spark.sql;

import io.embark.UserError;
import io.embark.embed.EmbedderConfig;
import io.embark.embed.Setting;
import io.embark.spark.executor.ExecutorSettings;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.spark.sql.SparkSession;
import scala.collection.JavaConverters;

/**
 * Settings of the SQL functions, read from the session's configuration: {@code spark.embark.} and
 * the key of a {@link Setting}, e.g. {@code spark.embark.max-length}.
 */
final class SessionSettings {
  static final String PREFIX = "spark.embark.";

  private SessionSettings() {}

  /**
   * Adds what the session sets.
   *
   * @throws UserError if a key is not a setting's or a value is not allowed
   */
  static void addTo(EmbedderConfig.Builder settings, SparkSession session) {
    // Asked of the session itself: the configuration of the running thread is, inside a view, the
    // one that the view was made with, and that holds Spark's own keys only.
    Map<String, String> all = JavaConverters.mapAsJavaMap(session.conf().getAll());
    for (Map.Entry<String, String> entry : new TreeMap<>(all).entrySet()) {
      if (entry.getKey().startsWith(PREFIX)
          && !entry.getKey().startsWith(ExecutorSettings.PREFIX)) {
        String key = entry.getKey().substring(PREFIX.length());
        settings.set(setting(key), entry.getValue(), entry.getKey());
      }
    }
  }

  private static Setting<?> setting(String key) {
    for (Setting<?> setting : Setting.ALL) {
      if (setting.key().equals(key)) {
        return setting;
      }
    }
    throw new UserError(
        "%s%s is set, but there is no setting '%s'; known are %s."
            .formatted(
                PREFIX,
                key,
                key,
                Setting.ALL.stream().map(Setting::key).collect(Collectors.joining(", "))));
  }
}
