package io.embark.spark.parquet;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.embark.embed.Status;
import java.io.IOException;
import java.util.Collection;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.util.functional.FutureIO;
import org.apache.parquet.HadoopReadOptions;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.util.HadoopInputFile;

/**
 * Totals over embedded rows. Each file that a job writes has those of its rows in its footer, as
 * JSON under {@link #KEY}.
 *
 * @param truncated rows whose text was cut
 * @param documents rows that each stand for one that came in; fewer than {@code rows} where chunks
 *     have rows of their own
 * @param tokens tokens that the model saw
 * @param allTokens tokens of the whole texts
 * @param unknownMillionths the rows' fractions of unknown tokens, in millionths: sums of integers
 *     have no order
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

  public static final RowTotals NONE = new RowTotals(0, Map.of(), 0, 0, 0, 0, 0);

  /** Footers read at once: a store far away takes its time for each. */
  private static final int READERS = 16;

  private static final ObjectMapper JSON = new ObjectMapper();

  /** A status that no row has may be missing. */
  public RowTotals {
    EnumMap<Status, Long> all = new EnumMap<>(Status.class);
    for (Status status : Status.values()) {
      all.put(status, byStatus.getOrDefault(status, 0L));
    }
    byStatus = all;
  }

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

  /** Those of several files, by their names. */
  public static Map<String, RowTotals> read(List<FileStatus> files, Configuration hadoop)
      throws IOException {
    ExecutorService pool = Executors.newFixedThreadPool(READERS);
    try {
      Map<String, Future<RowTotals>> reading = new LinkedHashMap<>();
      for (FileStatus file : files) {
        reading.put(file.getPath().getName(), pool.submit(() -> read(file, hadoop)));
      }
      Map<String, RowTotals> read = new LinkedHashMap<>();
      for (Map.Entry<String, Future<RowTotals>> file : reading.entrySet()) {
        read.put(file.getKey(), FutureIO.awaitFuture(file.getValue()));
      }
      return read;
    } finally {
      pool.shutdownNow();
    }
  }

  /**
   * The totals that the file was written with, after a check against its row groups.
   *
   * @throws IOException if it has none, cannot be read, or holds another number of rows
   */
  public static RowTotals read(FileStatus file, Configuration hadoop) throws IOException {
    try (ParquetFileReader reader =
        ParquetFileReader.open(
            HadoopInputFile.fromStatus(file, hadoop), HadoopReadOptions.builder(hadoop).build())) {
      String json = reader.getFileMetaData().getKeyValueMetaData().get(KEY);
      if (json == null) {
        throw new IOException(
            "%s says nothing of its rows: no %s in its footer. It was not written by this version of Embark; delete it and run again."
                .formatted(file.getPath(), KEY));
      }
      RowTotals totals = JSON.readValue(json, RowTotals.class);
      if (totals.rows() != reader.getRecordCount()) {
        throw new IOException(
            "%s holds %d rows, and %d were counted while it was written; these must be equal. Delete it and run again."
                .formatted(file.getPath(), reader.getRecordCount(), totals.rows()));
      }
      return totals;
    }
  }
}
