package io.embark.table;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;

/**
 * The record of a run that is not published yet, {@code run.json} in its staging directory. All of
 * it has to be unchanged for a later attempt to go on with what was staged.
 *
 * @param key of the facts; names the staging directory
 * @param facts what is embedded and how: input files with length and time, settings, model, and the
 *     snapshot it started from
 * @param rows to embed
 * @param int8Ranges of the vectors, minima and maxima in turn; empty for other types
 * @param post the fingerprint of each vector column's map; null or empty for none
 */
public record StagedRun(
    String key,
    Map<String, String> facts,
    long rows,
    int slices,
    double[][] int8Ranges,
    List<String> post) {
  static final String SLICES = "slices";
  static final String FILE = "run.json";

  static Optional<StagedRun> read(TableDirectory table, Path staging) throws IOException {
    return Optional.ofNullable(
        RecordFile.read(table.files(), new Path(staging, FILE), StagedRun.class));
  }

  /** Numbers of the slices in a staging directory that are done. */
  static Set<Integer> done(TableDirectory table, Path staging) throws IOException {
    return table.list(new Path(staging, SLICES)).stream()
        .map(file -> file.getPath().getName())
        .filter(Slices::isOne)
        .map(Slices::numberOf)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** The runs that have not ended or were killed. */
  public static List<StagedRun> all(TableDirectory table) throws IOException {
    List<StagedRun> all = new ArrayList<>();
    for (FileStatus staging : table.list(table.stagingRoot())) {
      read(table, staging.getPath()).ifPresent(all::add);
    }
    return all;
  }

  /** A line for people on each run that has not ended or was killed. */
  static List<String> unfinished(TableDirectory table) throws IOException {
    List<String> lines = new ArrayList<>();
    for (FileStatus staging : table.list(table.stagingRoot())) {
      Optional<StagedRun> found = read(table, staging.getPath());
      if (found.isPresent()) {
        StagedRun run = found.get();
        int done = done(table, staging.getPath()).size();
        lines.add(
            "%,d of %,d slices are done of a run (%s) that is to embed %,d rows in mode %s"
                .formatted(
                    done, run.slices, run.key.substring(0, 8), run.rows, run.facts.get("mode")));
      }
    }
    return lines;
  }

  /** Each fact that differs, with both values. */
  List<String> differences(Map<String, String> now) {
    return differences(facts, now);
  }

  static List<String> differences(Map<String, String> facts, Map<String, String> now) {
    TreeSet<String> names = new TreeSet<>(facts.keySet());
    names.addAll(now.keySet());
    names.removeIf(name -> Objects.equals(facts.get(name), now.get(name)));
    return names.stream()
        .map(
            name ->
                "%s was %s and is %s"
                    .formatted(
                        name, facts.getOrDefault(name, "unset"), now.getOrDefault(name, "unset")))
        .toList();
  }
}
