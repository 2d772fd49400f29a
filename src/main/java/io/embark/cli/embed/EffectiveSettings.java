package io.embark.cli.embed;

import io.embark.cli.JobSettings;
import io.embark.cli.Version;
import io.embark.embed.EmbedderConfig;
import io.embark.embed.Setting;
import io.embark.spark.executor.ModelFacts;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import org.apache.hadoop.fs.Path;

/** Prints at the start what will be done and where each setting comes from. */
final class EffectiveSettings {
  private EffectiveSettings() {}

  static void print(PrintWriter out, EmbedPlan plan, Path output) {
    JobSettings settings = plan.settings();
    TextInput input = plan.input();
    ModelFacts facts = plan.model();
    out.println("Embark " + Version.of() + " embeds with these settings:");
    line(
        out,
        "input",
        String.join(", ", input.paths()) + " (" + input.format().label() + ")",
        settings.isSet(EmbedSettings.INPUT)
            ? settings.origin(EmbedSettings.INPUT)
            : "shipped sample");
    line(out, "text-col", plan.textCol(), settings.origin(EmbedSettings.TEXT_COL));
    line(
        out,
        "output",
        output + " (" + plan.mode().label() + ")",
        settings.origin(EmbedSettings.OUTPUT));
    EmbedderConfig config = facts.config();
    for (Setting<?> setting : Setting.ALL) {
      String value = config.text(setting);
      if (value != null && (config.isSet(setting) || isOfInterest(setting)) && !value.isEmpty()) {
        line(
            out,
            setting.key(),
            setting == Setting.PROMPT ? "'" + value + "'" : value,
            config.origin(setting));
      }
    }
    line(
        out,
        "runs on",
        facts.device().orElse("each executor's own device"),
        facts.device().isPresent() ? "found here" : "settled there");
    line(
        out,
        "vectors",
        String.join(", ", plan.vectorColumns()) + " of " + join(facts.dimensions()) + " values",
        "model's graph");
    line(
        out, "fingerprint", facts.fingerprint().substring(0, 16), "SHA-256 of graph and tokenizer");
    out.flush();
  }

  /** Switches, what concerns a GPU and the like are told only when they are set. */
  private static boolean isOfInterest(Setting<?> setting) {
    return !setting.argument().equals(Setting.SWITCH)
        && setting != Setting.TRUNCATE_DIM
        && setting != Setting.PADDING
        && setting != Setting.SHAPE_BUCKETS
        && !setting.key().startsWith("gpu-");
  }

  /** One number where all are equal. */
  private static String join(List<Integer> dimensions) {
    return String.join(", ", dimensions.stream().distinct().map(String::valueOf).toList());
  }

  private static void line(PrintWriter out, String key, String value, String origin) {
    out.println(String.format(Locale.ROOT, "  %-17s %-40s %s", key, value, "(" + origin + ")"));
  }
}
