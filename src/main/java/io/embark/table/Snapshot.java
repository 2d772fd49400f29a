package io.embark.table;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructType;

/**
 * One version of a table: the files that make it up.
 *
 * @param format version of this record's form, now {@link #FORMAT}
 * @param id counts up from 1
 * @param run the run that committed it
 * @param mode what the run did: error (a new table), overwrite, append or incremental
 * @param committed when, in UTC
 * @param schema of the rows, as Spark writes it in JSON; tells in its metadata how vectors were
 *     made
 * @param files none of them twice
 * @param receiptsSince the version whose receipt is the first to count: the last that replaced the
 *     whole table, or the first made by an Embark that writes receipts; null before that
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Snapshot(
    int format,
    long id,
    String run,
    String mode,
    String committed,
    String schema,
    List<DataFile> files,
    Long receiptsSince) {
  public static final int FORMAT = 1;

  /**
   * A Parquet file of a table. It never changes.
   *
   * @param name relative to the table's directory
   * @param bytes its length
   * @param rows how many it holds, -1 where nobody counted
   * @param run the run that wrote it, or null if it was there before Embark kept records
   */
  public record DataFile(String name, long bytes, long rows, String run) {}

  public Snapshot {
    // JSON that is no snapshot's has neither.
    if (files == null || schema == null) {
      throw new IllegalArgumentException("A snapshot has files and a schema.");
    }
  }

  /** A version before which no receipt counts, and after it neither. */
  public Snapshot(
      int format,
      long id,
      String run,
      String mode,
      String committed,
      String schema,
      List<DataFile> files) {
    this(format, id, run, mode, committed, schema, files, null);
  }

  @JsonIgnore
  public StructType structType() {
    return (StructType) DataType.fromJson(schema);
  }

  /** Rows in all files, or -1 where not all are known. */
  public long rowCount() {
    boolean known = files.stream().allMatch(f -> f.rows() >= 0);
    return known ? files.stream().mapToLong(DataFile::rows).sum() : -1;
  }

  /** The same version with other files. */
  public Snapshot withFiles(List<DataFile> others) {
    return new Snapshot(format, id, run, mode, committed, schema, others, receiptsSince);
  }

  /** The same version with other columns. */
  public Snapshot withSchema(StructType columns) {
    return new Snapshot(format, id, run, mode, committed, columns.json(), files);
  }

  public long byteCount() {
    return files.stream().mapToLong(DataFile::bytes).sum();
  }
}
