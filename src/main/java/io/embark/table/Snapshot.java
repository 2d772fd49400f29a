package io.embark.table;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import io.embark.UserError;
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
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Snapshot(
    int format,
    long id,
    String run,
    String mode,
    String committed,
    String schema,
    List<DataFile> files) {
  /** The form that this version of Embark writes. */
  public static final int FORMAT = 1;

  /**
   * @throws UserError without files or schema, as where a record is not one
   */
  public Snapshot {
    if (files == null || schema == null) {
      throw new UserError("A snapshot has files and a schema.");
    }
  }

  /** The schema of the rows. */
  @JsonIgnore
  public StructType structType() {
    return (StructType) DataType.fromJson(schema);
  }

  /** Rows in all files, or -1 where not all are known. */
  public long rowCount() {
    return files.stream().anyMatch(f -> f.rows() < 0)
        ? -1
        : files.stream().mapToLong(DataFile::rows).sum();
  }

  /** Bytes in all files. */
  public long byteCount() {
    return files.stream().mapToLong(DataFile::bytes).sum();
  }
}
