package io.embark.spark.parquet;

import java.io.IOException;
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

/** Reads the totals of files from their footers. */
public final class FileTotals {
  /** Footers read at once: a store far away takes its time for each. */
  private static final int READERS = 16;

  private FileTotals() {}

  /**
   * Those of several files, by their names.
   *
   * @throws IOException as for one
   */
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
      String json = reader.getFileMetaData().getKeyValueMetaData().get(RowTotals.KEY);
      if (json == null) {
        throw new IOException(
            "%s says nothing of its rows: no %s in its footer. It was not written by this version of Embark; delete it and run again."
                .formatted(file.getPath(), RowTotals.KEY));
      }
      RowTotals totals = RowTotals.ofJson(json);
      if (totals.rows() != reader.getRecordCount()) {
        throw new IOException(
            "%s holds %d rows, and %d were counted while it was written; these must be equal. Delete it and run again."
                .formatted(file.getPath(), reader.getRecordCount(), totals.rows()));
      }
      return totals;
    }
  }
}
