package io.embark.table;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What a run has to find unchanged to go on where an earlier one was killed.
 *
 * @param key of the facts; names the staging directory
 * @param facts what was embedded and how: input files with length and time, settings, model, and
 *     the snapshot it started from
 * @param rows to embed
 * @param slices how many there are
 * @param int8Ranges of the vectors, minima and maxima in turn; empty for other types
 * @param post fingerprints of the maps that vectors go through, one for each vector column; null or
 *     empty for none
 */
public record StagedRun(
    String key,
    Map<String, String> facts,
    long rows,
    int slices,
    double[][] int8Ranges,
    List<String> post) {

  /** Each fact that differs, with both values. */
  List<String> differences(Map<String, String> now) {
    TreeSet<String> keys = new TreeSet<>(facts.keySet());
    keys.addAll(now.keySet());
    List<String> differences = new ArrayList<>();
    Map<String, String> then = new TreeMap<>(facts);
    for (String fact : keys) {
      String was = then.getOrDefault(fact, "unset");
      String is = now.getOrDefault(fact, "unset");
      if (!was.equals(is)) {
        differences.add("%s was %s and is %s".formatted(fact, was, is));
      }
    }
    return differences;
  }
}
