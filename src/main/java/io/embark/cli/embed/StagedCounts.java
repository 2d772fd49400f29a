package io.embark.cli.embed;

import io.embark.spark.parquet.FileTotals;
import io.embark.spark.parquet.RowTotals;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;

/**
 * What staged files hold, by their footers: a task that was run twice counts once, and rows that an
 * earlier attempt embedded count too.
 *
 * @param rowsOf rows of each file, by its name
 * @param totals over all files
 */
public record StagedCounts(Map<String, Long> rowsOf, RowTotals totals) {
  /** Footers read at once: a store far away takes its time for each. */
  private static final int READERS = 16;

  /**
   * Reads the footers of some files.
   *
   * @throws IOException if a file has no totals or other rows than its totals say
   */
  public static StagedCounts of(List<FileStatus> files, Configuration hadoop) throws IOException {
    ExecutorService pool = Executors.newFixedThreadPool(READERS);
    try {
      List<Future<RowTotals>> reading = new ArrayList<>();
      for (FileStatus file : files) {
        reading.add(pool.submit(() -> FileTotals.read(file, hadoop)));
      }
      Map<String, Long> rowsOf = new HashMap<>();
      RowTotals all = RowTotals.NONE;
      for (int i = 0; i < files.size(); i++) {
        RowTotals totals = reading.get(i).get();
        rowsOf.put(files.get(i).getPath().getName(), totals.rows());
        all = all.plus(totals);
      }
      return new StagedCounts(rowsOf, all);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException cause) {
        throw cause;
      }
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while counting staged rows.", e);
    } finally {
      pool.shutdownNow();
    }
  }

  long rows() {
    return totals.rows();
  }
}
