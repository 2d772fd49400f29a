package io.embark.spark.parquet;

import io.embark.embed.ChunkMode;
import io.embark.embed.Status;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.unsafe.types.UTF8String;

/**
 * Adds up the rows of one file while they are written, where the writer was asked to: {@code
 * rows.write().options(RowCounter.options(chunk, prefix))}.
 */
public final class RowCounter {
  private static final String CHUNK = "embark.totals.chunk";
  private static final String PREFIX = "embark.totals.prefix";
  private static final double MILLION = 1e6;

  /** Two ways of writing each: alone, and with a reason behind. */
  private static final Map<Status, UTF8String[]> WRITTEN = new EnumMap<>(Status.class);

  static {
    for (Status status : Status.values()) {
      WRITTEN.put(
          status,
          new UTF8String[] {
            UTF8String.fromString(status.name()), UTF8String.fromString(status.name() + ": ")
          });
    }
  }

  private final ChunkMode chunk;
  private final int status;
  private final int truncated;
  private final int tokensUsed;
  private final int tokenCount;
  private final int unknownTokenRatio;

  /** -1 where documents are not cut. */
  private final int chunkIndex;

  private final Map<Status, Long> byStatus = new EnumMap<>(Status.class);
  private long rows;
  private long cut;
  private long documents;
  private long tokens;
  private long allTokens;
  private long unknownMillionths;

  RowCounter(StructType schema, ChunkMode chunk, String prefix) {
    this.chunk = chunk;
    status = schema.fieldIndex(prefix + "status");
    truncated = schema.fieldIndex(prefix + "truncated");
    tokensUsed = schema.fieldIndex(prefix + "tokens_used");
    tokenCount = schema.fieldIndex(prefix + "token_count");
    unknownTokenRatio = schema.fieldIndex(prefix + "unknown_token_ratio");
    chunkIndex = chunk.chunks() ? schema.fieldIndex(prefix + "chunk_index") : -1;
  }

  /** Options that make a writer count rows, given what these stand for. */
  public static Map<String, String> options(ChunkMode chunk, String prefix) {
    return Map.of(CHUNK, chunk.label(), PREFIX, prefix);
  }

  static Optional<RowCounter> of(Configuration configuration, StructType schema) {
    String chunk = configuration.get(CHUNK);
    return chunk == null
        ? Optional.empty()
        : Optional.of(
            new RowCounter(
                schema,
                ChunkMode.of(chunk),
                Optional.ofNullable(configuration.getRaw(PREFIX)).orElse("")));
  }

  void add(InternalRow row) {
    rows++;
    if (!row.isNullAt(status)) {
      UTF8String written = row.getUTF8String(status);
      WRITTEN.forEach(
          (known, ways) -> {
            if (written.equals(ways[0]) || written.startsWith(ways[1])) {
              byStatus.merge(known, 1L, Long::sum);
            }
          });
    }
    if (!row.isNullAt(truncated) && row.getBoolean(truncated)) {
      cut++;
    }
    boolean document = isDocument(row);
    if (document) {
      documents++;
    }
    // With rows of both kinds a document's has the tokens of its chunks once more.
    if (chunk != ChunkMode.BOTH || document) {
      tokens += row.isNullAt(tokensUsed) ? 0 : row.getInt(tokensUsed);
      allTokens += row.isNullAt(tokenCount) ? 0 : row.getInt(tokenCount);
    }
    if (!row.isNullAt(unknownTokenRatio)) {
      unknownMillionths += Math.round(row.getFloat(unknownTokenRatio) * MILLION);
    }
  }

  /** True for exactly one row of each row that came in. */
  private boolean isDocument(InternalRow row) {
    return switch (chunk) {
      case NONE, DOCUMENT -> true;
      case ROWS -> !row.isNullAt(chunkIndex) && row.getInt(chunkIndex) == 0;
      case BOTH -> row.isNullAt(chunkIndex);
    };
  }

  RowTotals totals() {
    return new RowTotals(rows, byStatus, cut, documents, tokens, allTokens, unknownMillionths);
  }
}
