package io.embark.cli.embed;

import io.embark.cli.JobSettings;
import io.embark.embed.Setting;
import io.embark.model.Fingerprint;
import io.embark.spark.executor.ModelFacts;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.apache.hadoop.fs.FileStatus;
import org.apache.spark.sql.types.StructType;

/** All that decides which rows a run writes, and what is in them. */
final class RunFacts {
  private RunFacts() {}

  /**
   * @param schema of the input
   * @param base the snapshot that the run starts from, 0 for none
   */
  static Map<String, String> of(
      JobSettings settings,
      ModelFacts facts,
      TextInput input,
      StructType schema,
      String mode,
      long base) {
    Map<String, String> all = new TreeMap<>(settings(Setting.ALL, facts.config()::text));
    all.putAll(settings(EmbedSettings.ALL, settings::text));
    // Of a setting that is no more: what was staged while there was it is gone on with.
    all.put("gpu-cuda-graphs", "false");
    // What staged files are like: slices of an Embark that wrote no totals cannot be gone on with.
    all.put("staged files", "with totals");
    all.put("model fingerprint", facts.fingerprint());
    all.put("columns", schema.toDDL());
    all.put("mode", mode);
    all.put("table's snapshot", Long.toString(base));
    all.put("input files", files(input));
    return all;
  }

  /** Those that what is written depends on, and that have a value. */
  static Map<String, String> settings(
      List<Setting<?>> settings, Function<Setting<?>, String> values) {
    Map<String, String> written = new TreeMap<>();
    for (Setting<?> setting : settings) {
      String value = values.apply(setting);
      if (setting.effect().isWritten() && value != null) {
        written.put(setting.key(), value);
      }
    }
    return written;
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
