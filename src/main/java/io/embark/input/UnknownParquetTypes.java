package io.embark.input;

import io.embark.input.gate.UnreadableInput;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.format.FileMetaData;
import org.apache.parquet.format.SchemaElement;
import org.apache.parquet.format.Util;

/**
 * Types that came into Parquet after the library that Spark 3.5 brings, such as FLOAT16. It cannot
 * read the footer of a file that has one, and says no more than that something is null.
 */
final class UnknownParquetTypes {
  /** Length of the footer and the magic number, at the end of a file. */
  private static final int TAIL = 8;

  private UnknownParquetTypes() {}

  /** The refusal of a file that has such a column; empty if it has none or no footer. */
  static Optional<RuntimeException> in(Path file, long length, Configuration hadoop) {
    try (FSDataInputStream in = file.getFileSystem(hadoop).open(file)) {
      byte[] tail = new byte[TAIL];
      if (length <= TAIL) {
        return Optional.empty();
      }
      in.readFully(length - TAIL, tail);
      int bytes = ByteBuffer.wrap(tail).order(ByteOrder.LITTLE_ENDIAN).getInt();
      if (tail[TAIL - 1] != '1' || bytes <= 0 || bytes > length - TAIL) {
        return Optional.empty();
      }
      in.seek(length - TAIL - bytes);
      return refusal(file, in);
    } catch (IOException e) {
      // The error that led here is told instead.
      return Optional.empty();
    }
  }

  private static Optional<RuntimeException> refusal(Path file, InputStream in) {
    FileMetaData footer;
    try {
      footer = Util.readFileMetaData(in, true);
    } catch (IOException | RuntimeException e) {
      // Damaged, which the caller says.
      return Optional.empty();
    }
    for (SchemaElement column : footer.getSchema()) {
      if (column.isSetLogicalType() && column.getLogicalType().getSetField() == null) {
        boolean half = column.getType_length() == 2;
        return Optional.of(
            new UnreadableInput(
                file,
                "column '%s' is %s, a type that came into Parquet after the library that Spark reads with, which can read no column of such a file"
                    .formatted(
                        column.getName(),
                        half ? "FLOAT16" : column.getType() + " with an unknown meaning"),
                null));
      }
    }
    return Optional.empty();
  }
}
