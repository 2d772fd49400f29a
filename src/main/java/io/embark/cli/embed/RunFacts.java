package io.embark.cli.embed;

import io.embark.embed.Setting;
import io.embark.embed.VectorProvenance;
import io.embark.model.Fingerprint;
import io.embark.table.Slices;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import org.apache.hadoop.fs.FileStatus;

/** The inputs of a run's key: all that decides which rows are staged, and what is in them. */
final class RunFacts {
  /**
   * Settings that earlier versions did not have: left at their defaults they change no run's key.
   */
  private static final Set<Setting<?>> LATER =
      Set.of(
          Setting.MODULES,
          Setting.MODEL_OUTPUT,
          Setting.STRIP,
          Setting.RESCALE_TRUNCATED,
          EmbedSettings.COLUMNS,
          EmbedSettings.PARTITION_TYPES);

  private static final String BASE = "table's snapshot";

  private RunFacts() {}

  /** Those of a command, whatever version it starts from, and with what it may delete. */
  static Map<String, String> ofRequest(EmbedPlan plan) {
    Map<String, String> all = of(plan, 0);
    all.remove(BASE);
    all.put(
        EmbedSettings.SYNC_DELETES.key(),
        plan.settings().get(EmbedSettings.SYNC_DELETES).toString());
    return all;
  }

  /**
   * Those of a plan.
   *
   * @param base the version of the target that the run starts from, 0 for none
   */
  static Map<String, String> of(EmbedPlan plan, long base) {
    Map<String, String> all =
        new TreeMap<>(settings(Setting.ALL, s -> String.valueOf(plan.model().config().text(s))));
    all.putAll(settings(EmbedSettings.ALL, plan.settings()::text));
    // A setting that was removed: runs staged by 0.1.0, which had it, are resumed.
    all.put("gpu-cuda-graphs", "false");
    // What staged files are like: slices of an Embark that wrote no totals cannot be gone on with.
    all.put("staged files", "with totals");
    if (plan.idCol() == null && Slices.byMaps(plan.rows().schema())) {
      // Earlier versions went by the text form of maps: their slices hold other rows.
      all.put("slices of maps", "by content");
    }
    all.put("model fingerprint", plan.model().fingerprint());
    if (VectorProvenance.leavesPromptOut(plan.model().config())) {
      all.put("prompt left out", "as sentence-transformers does");
    }
    all.put("columns", plan.rows().schema().toDDL());
    all.put("mode", plan.mode().label());
    all.put(BASE, Long.toString(base));
    all.put("input files", files(plan.input()));
    return all;
  }

  /** The version of the target that a run with these facts starts from. */
  static long base(Map<String, String> facts) {
    return Long.parseLong(facts.getOrDefault(BASE, "0"));
  }

  /** The settings that staged rows depend on, where they have a value. */
  static Map<String, String> settings(
      List<Setting<?>> settings, Function<Setting<?>, String> values) {
    Map<String, String> written = new TreeMap<>();
    for (Setting<?> setting : settings) {
      String value = values.apply(setting);
      if (setting.effect().isStaged() && value != null && !isLeftOut(setting, value)) {
        written.put(setting.key(), value);
      }
    }
    return written;
  }

  private static boolean isLeftOut(Setting<?> setting, String value) {
    String otherwise = String.valueOf(setting.defaultText());
    return LATER.contains(setting) && value.equals(otherwise);
  }

  /** Paths, lengths and times, in brief. */
  private static String files(TextInput input) {
    long bytes = 0;
    List<String> each = new ArrayList<>();
    for (FileStatus file : input.files()) {
      bytes += file.getLen();
      each.add(file.getPath() + " " + file.getLen() + " " + file.getModificationTime());
    }
    each.sort(null);
    return "%d of %d bytes, digest %s"
        .formatted(each.size(), bytes, Fingerprint.of(each.toString()).substring(0, 16));
  }
}
