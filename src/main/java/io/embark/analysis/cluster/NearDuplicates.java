package io.embark.analysis.cluster;

import static java.util.stream.Collectors.collectingAndThen;
import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toList;
import static org.apache.spark.sql.functions.*;

import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collector;
import java.util.stream.IntStream;
import org.apache.spark.ml.feature.HashingTF;
import org.apache.spark.ml.feature.MinHashLSH;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.api.java.UDF2;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.storage.StorageLevel;
import scala.collection.JavaConverters;
import scala.collection.Seq;

/**
 * Groups of texts within a cluster that are nearly the same: shingles of five characters with a
 * Jaccard similarity of at least a threshold. Candidates are texts that agree in one of 8 bands of
 * 3 of MLlib's MinHash values (a pair of similarity 0.7 meets with probability 0.96, one of 0.3
 * with 0.2); in each band all are compared with the first only, so that work grows with the rows
 * and not with their pairs, and some duplicates may be missed.
 */
public final class NearDuplicates {
  private static final int SHINGLE = 5;
  private static final int BANDS = 8;
  private static final int ROWS_PER_BAND = 3;
  private static final int FEATURES = 1 << 20;

  private NearDuplicates() {}

  /** Rows whose texts are nearly the same; in the largest groups with the first of the texts. */
  public record Group(int rows, List<String> texts) {}

  /** The groups by cluster, largest first, complete if every pair found was looked at. */
  public record Found(Map<Integer, List<Group>> groups, boolean complete) {}

  /**
   * @param rows columns {@code cluster int} and {@code text string}; nulls are left out
   * @param threshold Jaccard similarity, above 0 and up to 1
   * @param mostPairs pairs to take to the driver
   */
  public static Found of(Dataset<Row> rows, double threshold, long seed, int mostPairs, int shown) {
    // The optimizer may run it before the nulls are out.
    UDF1<String, String[]> shingle = text -> text == null ? new String[0] : shingles(text);
    Column shingles =
        udf(shingle, DataTypes.createArrayType(DataTypes.StringType)).apply(col("text"));
    Dataset<Row> texts =
        rows.select("cluster", "text")
            .na()
            .drop()
            .withColumn("key", monotonically_increasing_id())
            .withColumn("shingles", shingles)
            .where(size(col("shingles")).gt(0));
    Dataset<Row> sets =
        new HashingTF()
            .setInputCol("shingles")
            .setOutputCol("set")
            .setBinary(true)
            .setNumFeatures(FEATURES)
            .transform(texts)
            .drop("shingles")
            .persist(StorageLevel.MEMORY_AND_DISK());
    try {
      if (sets.isEmpty()) {
        return new Found(Map.of(), true);
      }
      List<Row> pairs = similar(sets, candidates(sets, seed), threshold, mostPairs + 1);
      return new Found(groups(sets, pairs, shown), pairs.size() <= mostPairs);
    } finally {
      sets.unpersist();
    }
  }

  static String[] shingles(String text) {
    String plain = text.toLowerCase(Locale.ROOT).replaceAll("\\s+", " ").strip();
    TreeSet<String> shingles = new TreeSet<>();
    if (plain.length() < SHINGLE && !plain.isEmpty()) {
      shingles.add(plain);
    }
    for (int i = 0; i + SHINGLE <= plain.length(); i++) {
      shingles.add(plain.substring(i, i + SHINGLE));
    }
    return shingles.toArray(String[]::new);
  }

  /** Pairs {@code (first, key)} that agree in a band. */
  private static Dataset<Row> candidates(Dataset<Row> sets, long seed) {
    UDF1<Seq<Vector>, String[]> bands =
        hashes -> {
          List<Vector> values = JavaConverters.seqAsJavaList(hashes);
          return IntStream.range(0, BANDS)
              .mapToObj(b -> b + ":" + values.subList(b * ROWS_PER_BAND, (b + 1) * ROWS_PER_BAND))
              .toArray(String[]::new);
        };
    Column band =
        explode(udf(bands, DataTypes.createArrayType(DataTypes.StringType)).apply(col("hashes")));
    Dataset<Row> banded =
        new MinHashLSH()
            .setInputCol("set")
            .setOutputCol("hashes")
            .setNumHashTables(BANDS * ROWS_PER_BAND)
            .setSeed(seed)
            .fit(sets)
            .transform(sets)
            .select(col("cluster"), col("key"), band.as("band"));
    Dataset<Row> firsts =
        banded
            .groupBy("cluster", "band")
            .agg(min("key").as("first"), count(lit(1)).as("n"))
            .where(col("n").gt(1))
            .drop("n");
    return banded
        .join(firsts, new String[] {"cluster", "band"})
        .where(col("key").notEqual(col("first")))
        .select("first", "key")
        .distinct();
  }

  private static List<Row> similar(
      Dataset<Row> sets, Dataset<Row> pairs, double threshold, int most) {
    UDF2<Vector, Vector, Boolean> alike = (a, b) -> jaccard(a, b) >= threshold;
    return pairs
        .join(sets.select(col("key").as("first"), col("set").as("a")), "first")
        .join(sets.select(col("key"), col("set").as("b"), col("cluster")), "key")
        .where(udf(alike, DataTypes.BooleanType).apply(col("a"), col("b")))
        .select("first", "key", "cluster")
        .orderBy("first", "key")
        .limit(most)
        .collectAsList();
  }

  /** Of sets as vectors of ones. */
  private static double jaccard(Vector left, Vector right) {
    double common = left.dot(right);
    return common / (left.numNonzeros() + right.numNonzeros() - common);
  }

  private static Map<Integer, List<Group>> groups(Dataset<Row> sets, List<Row> pairs, int shown) {
    Map<Integer, List<List<Long>>> members = members(pairs);
    List<Long> wanted =
        members.values().stream()
            .flatMap(groups -> groups.stream().limit(shown))
            .flatMap(keys -> keys.stream().limit(shown))
            .toList();
    Map<Long, String> texts = new HashMap<>();
    sets.where(col("key").isin(wanted.toArray()))
        .select("key", "text")
        .collectAsList()
        .forEach(row -> texts.put(row.getLong(0), row.getString(1)));
    Function<List<Long>, Group> group =
        keys ->
            new Group(keys.size(), keys.stream().map(texts::get).filter(Objects::nonNull).toList());
    Map<Integer, List<Group>> groups = new TreeMap<>();
    members.forEach((cluster, lists) -> groups.put(cluster, lists.stream().map(group).toList()));
    return groups;
  }

  /** The keys of each group by cluster: the connected components of the pairs, largest first. */
  private static Map<Integer, List<List<Long>>> members(List<Row> pairs) {
    Map<Long, Long> parents = new HashMap<>();
    Map<Long, Integer> clusters = new TreeMap<>();
    for (Row pair : pairs) {
      long a = root(parents, pair.getLong(0));
      long b = root(parents, pair.getLong(1));
      parents.put(Math.max(a, b), Math.min(a, b));
      clusters.put(pair.getLong(0), pair.getInt(2));
      clusters.put(pair.getLong(1), pair.getInt(2));
    }
    Comparator<List<Long>> largestFirst = Comparator.comparingInt(keys -> -keys.size());
    Collector<Long, ?, List<List<Long>>> byRoot =
        collectingAndThen(
            groupingBy(key -> root(parents, key), TreeMap::new, toList()),
            groups -> groups.values().stream().sorted(largestFirst).toList());
    return clusters.keySet().stream().collect(groupingBy(clusters::get, TreeMap::new, byRoot));
  }

  /** The root of a key's tree; halves the path to it. */
  private static long root(Map<Long, Long> parents, long key) {
    long at = key;
    long parent = parents.getOrDefault(at, at);
    while (parent != at) {
      long grandparent = parents.getOrDefault(parent, parent);
      parents.put(at, grandparent);
      at = grandparent;
      parent = parents.getOrDefault(at, at);
    }
    return at;
  }
}
