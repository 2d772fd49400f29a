package io.embark.testing;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Safetensors files, whole or with any header. */
public final class SafeTensorsFiles {
  private SafeTensorsFiles() {}

  /** A header as it stands, and bytes behind it. */
  public static byte[] bytes(String header, byte[] data) {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(8 + json.length + data.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(json.length)
        .put(json)
        .put(data)
        .array();
  }

  /** Little-endian, as the format wants them. */
  public static byte[] floats(float... values) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return bytes.array();
  }

  /**
   * One matrix in F32.
   *
   * @param rows {@code [rows, columns]}
   */
  public static Path write(Path file, String name, float[][] rows) throws IOException {
    float[] all = new float[rows.length * rows[0].length];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(rows[i], 0, all, i * rows[0].length, rows[0].length);
    }
    String header =
        "{\"__metadata__\": {\"format\": \"pt\"}, \"%s\": {\"dtype\": \"F32\", \"shape\": [%d, %d], \"data_offsets\": [0, %d]}}"
            .formatted(name, rows.length, rows[0].length, 4 * all.length);
    return Files.write(file, bytes(header, floats(all)));
  }
}
