package io.embark.spark.parquet;

import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.parquet.HadoopReadOptions;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.util.HadoopInputFile;

/** Reads what a file's footer says of its rows. */
public final class FileTotals {
  private FileTotals() {}

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
