package io.embark.cli.embed;

import io.embark.cli.JobSettings;
import io.embark.embed.Setting;
import io.embark.model.Fingerprint;
import io.embark.spark.executor.ModelFacts;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.hadoop.fs.FileStatus;
import org.apache.spark.sql.types.StructType;

/** All that decides which rows a run writes, and what is in them. */
final class RunFacts {
  /** What changes how fast or where a run works, or when it stops, but not what it writes. */
  private static final Set<Setting<?>> NO_MATTER =
      Set.of(
          Setting.MODEL,
          Setting.MODEL_FILE,
          Setting.DEVICE,
          Setting.TOKEN_BUDGET,
          Setting.INTRA_OP_THREADS,
          Setting.PREFETCH,
          Setting.PADDING,
          Setting.SHAPE_BUCKETS,
          Setting.GPU_MEMORY_LIMIT,
          Setting.GPU_ARENA,
          Setting.GPU_CONV_SEARCH,
          Setting.GPU_TENSORRT_CACHE,
          Setting.CANARY,
          Setting.BUFFER_ROWS,
          Setting.BUFFER_CHARS,
          EmbedSettings.INPUT,
          EmbedSettings.OUTPUT,
          EmbedSettings.MODE,
          EmbedSettings.CALIBRATION_ROWS,
          EmbedSettings.POST_ROWS,
          EmbedSettings.PARTITIONS,
          EmbedSettings.GPU_STAGE,
          EmbedSettings.GPU_SCRIPT,
          EmbedSettings.PREVIEW,
          EmbedSettings.SYNC_DELETES,
          EmbedSettings.COMMIT_ROWS,
          EmbedSettings.MAX_LOST_TOKENS,
          EmbedSettings.MAX_FAILED_ROWS,
          EmbedSettings.PROGRESS,
          EmbedSettings.WAIT_FOR_LOCK);

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
    Map<String, String> all = new TreeMap<>();
    for (Setting<?> setting : Setting.ALL) {
      if (!NO_MATTER.contains(setting)) {
        all.put(setting.key(), String.valueOf(facts.config().text(setting)));
      }
    }
    for (Setting<?> setting : EmbedSettings.ALL) {
      if (!NO_MATTER.contains(setting) && settings.isSet(setting)) {
        all.put(setting.key(), settings.text(setting));
      }
    }
    // What staged files are like: slices of an Embark that wrote no totals cannot be gone on with.
    all.put("staged files", "with totals");
    all.put("model fingerprint", facts.fingerprint());
    all.put("columns", schema.toDDL());
    all.put("mode", mode);
    all.put("table's snapshot", Long.toString(base));
    all.put("input files", files(input));
    return all;
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
