package io.embark.testing;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.BiConsumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroupFactory;
import org.apache.parquet.format.CompressionCodec;
import org.apache.parquet.format.FileMetaData;
import org.apache.parquet.format.RowGroup;
import org.apache.parquet.format.Util;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;

/** Parquet files of any type, as writers other than Spark make them. */
public final class ParquetFiles {
  private ParquetFiles() {}

  /**
   * Writes a file.
   *
   * @param columns in Parquet's own language, such as {@code optional int64 id;}
   * @param row fills a row, by its number
   */
  public static Path write(Path file, String columns, int rows, BiConsumer<Group, Integer> row) {
    return write(file, columns, rows, row, Map.of());
  }

  /** With key-value metadata in the footer. */
  public static Path write(
      Path file,
      String columns,
      int rows,
      BiConsumer<Group, Integer> row,
      Map<String, String> metadata) {
    MessageType schema = MessageTypeParser.parseMessageType("message rows { " + columns + " }");
    SimpleGroupFactory groups = new SimpleGroupFactory(schema);
    try (ParquetWriter<Group> writer =
        ExampleParquetWriter.builder(new org.apache.hadoop.fs.Path(file.toUri()))
            .withType(schema)
            .withExtraMetaData(metadata)
            .withConf(new Configuration())
            .withCompressionCodec(CompressionCodecName.UNCOMPRESSED)
            .build()) {
      for (int i = 0; i < rows; i++) {
        Group group = groups.newGroup();
        row.accept(group, i);
        writer.write(group);
      }
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Without the checksums that Hadoop's local file system keeps beside a file. */
  private static void overwrite(Path file, byte[] bytes) throws IOException {
    Files.deleteIfExists(file.resolveSibling("." + file.getFileName() + ".crc"));
    Files.write(file, bytes);
  }

  /** Writes another codec into the footer of a file; its pages stay as they are. */
  public static void say(Path file, CompressionCodec codec) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    int footer =
        bytes.length - 8 - ByteBuffer.wrap(bytes).order(LITTLE_ENDIAN).getInt(bytes.length - 8);
    FileMetaData said =
        Util.readFileMetaData(new ByteArrayInputStream(bytes, footer, bytes.length - footer));
    for (RowGroup group : said.getRow_groups()) {
      group.getColumns().forEach(column -> column.getMeta_data().setCodec(codec));
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(bytes, 0, footer);
    Util.writeFileMetaData(said, out);
    int length = out.size() - footer;
    out.write(ByteBuffer.allocate(4).order(LITTLE_ENDIAN).putInt(length).array());
    out.write("PAR1".getBytes(StandardCharsets.US_ASCII));
    overwrite(file, out.toByteArray());
  }

  /** Makes UUID, the 14th meaning of a column in Parquet's own list, the 15th, which is FLOAT16. */
  public static void makeUuidFloat16(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    int patched = 0;
    for (int i = 0; i < bytes.length - 2; i++) {
      if ((bytes[i] & 0xFF) == 0xEC && bytes[i + 1] == 0 && bytes[i + 2] == 0) {
        bytes[i] = (byte) 0xFC;
        patched++;
      }
    }
    if (patched != 1) {
      throw new IllegalStateException(patched + " columns of UUIDs in " + file);
    }
    overwrite(file, bytes);
  }
}
