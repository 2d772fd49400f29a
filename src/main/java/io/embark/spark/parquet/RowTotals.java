package io.embark.spark.parquet;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.embark.embed.Status;
import java.util.Collection;
import java.util.EnumMap;
import java.util.Map;

/**
 * What embedded rows add up to. Each file that a job writes has those of its rows in its footer, as
 * JSON under {@link #KEY}.
 *
 * @param byStatus rows by status
 * @param truncated rows whose text was cut
 * @param documents rows that each stand for one that came in; fewer than {@code rows} where chunks
 *     have rows of their own
 * @param tokens tokens that the model saw
 * @param allTokens tokens of the whole texts
 * @param unknownMillionths the rows' shares of unknown tokens, in millionths: sums of integers have
 *     no order
 */
public record RowTotals(
    long rows,
    Map<Status, Long> byStatus,
    long truncated,
    long documents,
    long tokens,
    long allTokens,
    long unknownMillionths) {
  /** Key in a Parquet footer's key-value metadata. */
  public static final String KEY = "io.embark.totals";

  /** Of no rows. */
  public static final RowTotals NONE = new RowTotals(0, Map.of(), 0, 0, 0, 0, 0);

  private static final ObjectMapper JSON = new ObjectMapper();

  /** A status that no row has may be missing. */
  public RowTotals {
    EnumMap<Status, Long> all = new EnumMap<>(Status.class);
    for (Status status : Status.values()) {
      all.put(status, byStatus.getOrDefault(status, 0L));
    }
    byStatus = all;
  }

  /** Those of the rows of both. */
  public RowTotals plus(RowTotals other) {
    EnumMap<Status, Long> sums = new EnumMap<>(Status.class);
    byStatus.forEach((status, count) -> sums.put(status, count + other.byStatus.get(status)));
    return new RowTotals(
        rows + other.rows,
        sums,
        truncated + other.truncated,
        documents + other.documents,
        tokens + other.tokens,
        allTokens + other.allTokens,
        unknownMillionths + other.unknownMillionths);
  }

  /** Those of the rows of all. */
  public static RowTotals sum(Collection<RowTotals> all) {
    return all.stream().reduce(NONE, RowTotals::plus);
  }

  String json() {
    try {
      return JSON.writeValueAsString(this);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  static RowTotals ofJson(String json) throws JsonProcessingException {
    return JSON.readValue(json, RowTotals.class);
  }
}
