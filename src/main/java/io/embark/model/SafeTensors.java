package io.embark.model;

import io.embark.UserError;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The tensors of a {@code .safetensors} file. Opening reads and checks the header only; the file
 * stays closed between calls.
 */
public final class SafeTensors {
  /** The format's own limit. */
  private static final int LONGEST_HEADER = 100_000_000;

  private static final int LENGTH_BYTES = 8;
  private static final String LFS_POINTER = "version https://git-lfs";
  private static final int CHUNK_BYTES = 1 << 20;

  private final Path file;
  private final long dataStart;
  private final Map<String, SafeTensorsHeader.Entry> tensors;

  private SafeTensors(Path file, long dataStart, Map<String, SafeTensorsHeader.Entry> tensors) {
    this.file = file;
    this.dataStart = dataStart;
    this.tensors = tensors;
  }

  /**
   * Reads the header.
   *
   * @throws IOException if the file cannot be read
   * @throws UserError if it is no safetensors file, or not all of one
   */
  public static SafeTensors open(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new UserError("%s is not a file; wanted is a safetensors file.".formatted(file));
    }
    try (FileChannel channel = FileChannel.open(file)) {
      long size = channel.size();
      ByteBuffer start = read(channel, 0, (int) Math.min(size, LFS_POINTER.length()));
      if (StandardCharsets.ISO_8859_1.decode(start.duplicate()).toString().equals(LFS_POINTER)) {
        throw new UserError(
            ("%s is a pointer of Git LFS and not the file itself; fetch it with 'git lfs pull' in"
                    + " the model's repository.")
                .formatted(file));
      }
      if (size < LENGTH_BYTES) {
        throw new UserError(
            "%s has %d bytes; wanted is a safetensors file, which has at least 10."
                .formatted(file, size));
      }
      long length = start.getLong();
      long rest = size - LENGTH_BYTES;
      if (length < 2 || length > LONGEST_HEADER || length > rest) {
        throw new UserError(
            ("%s says that its header has %s bytes; wanted are 2 to %d, as it has %d bytes in all."
                    + " It is no safetensors file, or not all of one.")
                .formatted(
                    file, Long.toUnsignedString(length), Math.min(LONGEST_HEADER, rest), size));
      }
      ByteBuffer header = read(channel, LENGTH_BYTES, (int) length);
      Map<String, SafeTensorsHeader.Entry> tensors = SafeTensorsHeader.read(file, header.array());
      SafeTensorsLayout.require(file, tensors, rest - length);
      return new SafeTensors(file, LENGTH_BYTES + length, tensors);
    }
  }

  /** Of all tensors, in the header's order. */
  public Set<String> names() {
    return Collections.unmodifiableSet(tensors.keySet());
  }

  /**
   * The dimensions of a tensor, outermost first; none for a single value.
   *
   * @throws UserError if there is no such tensor
   */
  public List<Long> shape(String name) {
    return tensor(name).shape();
  }

  /**
   * A copy of a tensor's values, row-major, rounded to float.
   *
   * @throws IOException if the file cannot be read
   * @throws UserError if there is no such tensor, if it has numbers of other types than F32, F16,
   *     BF16 and F64, or takes more than 2 GiB
   */
  public float[] floats(String name) throws IOException {
    SafeTensorsHeader.Entry tensor = readable(name);
    long bytes = tensor.end() - tensor.begin();
    int width = (int) (long) tensor.type().bytes(1).orElseThrow();
    float[] values = new float[(int) (bytes / width)];
    try (FileChannel channel = FileChannel.open(file)) {
      int next = 0;
      for (long done = 0; done < bytes; ) {
        int chunk = (int) Math.min(CHUNK_BYTES, bytes - done);
        ByteBuffer read = read(channel, dataStart + tensor.begin() + done, chunk);
        if (read.remaining() < chunk) {
          throw new UserError(
              "%s was cut while it was read; fetch or save it again.".formatted(file));
        }
        while (read.hasRemaining()) {
          values[next++] = tensor.type().read(read);
        }
        done += chunk;
      }
    }
    return values;
  }

  /**
   * A tensor's values, row-major: of F32 a read-only view of the file, outside the heap, which
   * other processes share; of other types a copy.
   *
   * @throws IOException if the file cannot be read
   * @throws UserError as {@link #floats} has it
   */
  public FloatBuffer view(String name) throws IOException {
    SafeTensorsHeader.Entry tensor = readable(name);
    if (tensor.type() != TensorType.F32) {
      return FloatBuffer.wrap(floats(name)).asReadOnlyBuffer();
    }
    long from = dataStart + tensor.begin();
    long bytes = tensor.end() - tensor.begin();
    try (FileChannel channel = FileChannel.open(file)) {
      if (channel.size() < from + bytes) {
        // A mapping beyond the end would fault when it is read.
        throw new UserError(
            "%s was cut after it was opened; fetch or save it again.".formatted(file));
      }
      return channel
          .map(FileChannel.MapMode.READ_ONLY, from, bytes)
          .order(ByteOrder.LITTLE_ENDIAN)
          .asFloatBuffer();
    }
  }

  private SafeTensorsHeader.Entry readable(String name) {
    SafeTensorsHeader.Entry tensor = tensor(name);
    if (!tensor.type().readable()) {
      throw new UserError(
          "%s: tensor '%s' holds %s; numbers that can be read are %s."
              .formatted(file, name, tensor.type(), TensorType.READABLE));
    }
    if (tensor.end() - tensor.begin() > Integer.MAX_VALUE) {
      throw new UserError(
          "%s: tensor '%s' has %d bytes, %s of shape %s; at most %d bytes can be read."
              .formatted(
                  file,
                  name,
                  tensor.end() - tensor.begin(),
                  tensor.type(),
                  tensor.shape(),
                  Integer.MAX_VALUE));
    }
    return tensor;
  }

  private SafeTensorsHeader.Entry tensor(String name) {
    SafeTensorsHeader.Entry tensor = tensors.get(name);
    if (tensor == null) {
      throw new UserError(
          "%s has no tensor '%s'; found %s."
              .formatted(file, name, names().isEmpty() ? "none" : ModelFiles.inWords(names())));
    }
    return tensor;
  }

  /** Bytes of the file from a place, little-endian; fewer where the file ends. */
  private static ByteBuffer read(FileChannel channel, long from, int bytes) throws IOException {
    ByteBuffer read = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int n = 0;
    while (read.hasRemaining() && n >= 0) {
      n = channel.read(read, from + read.position());
    }
    return read.flip();
  }
}
