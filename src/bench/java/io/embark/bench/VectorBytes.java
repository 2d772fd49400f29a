package io.embark.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.hadoop.util.HadoopInputFile;

/** What vectors take in Parquet files. */
final class VectorBytes {
  private VectorBytes() {}

  /**
   * Bytes a row of the columns named {@code embedding}, as they lie in the files.
   *
   * @param folder local, with one table
   */
  static long in(String folder) throws IOException {
    List<Path> files;
    try (Stream<Path> all = Files.list(Path.of(folder))) {
      files = all.filter(file -> file.toString().endsWith(".parquet")).toList();
    }
    long bytes = 0;
    long rows = 0;
    for (Path file : files) {
      HadoopInputFile input =
          HadoopInputFile.fromPath(
              new org.apache.hadoop.fs.Path(file.toUri()), new Configuration());
      try (ParquetFileReader reader = ParquetFileReader.open(input)) {
        for (BlockMetaData block : reader.getFooter().getBlocks()) {
          rows += block.getRowCount();
          for (ColumnChunkMetaData column : block.getColumns()) {
            bytes += column.getPath().toArray()[0].equals("embedding") ? column.getTotalSize() : 0;
          }
        }
      }
    }
    return rows == 0 ? 0 : bytes / rows;
  }
}
