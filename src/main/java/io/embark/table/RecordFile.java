package io.embark.table;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.StreamCapabilities;

/**
 * Files that are there wholly or not at all, and that two writers cannot both create, with JSON in
 * them that is readable and open to fields of later versions. On HDFS the rename that makes them
 * visible does not overwrite; on a local disk a hard link does not. Other file systems, object
 * stores among them, are asked first, so there only {@link TableLock} keeps two writers apart.
 */
final class RecordFile {
  private static final ObjectMapper MAPPER =
      new ObjectMapper()
          .enable(SerializationFeature.INDENT_OUTPUT)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

  /** File systems whose rename fails where there is a file. */
  private static final Set<String> ONCE = Set.of("hdfs", "webhdfs", "swebhdfs");

  private static final Pattern DRAFT = Pattern.compile("\\..+\\.[0-9a-f]{8}(-[0-9a-f]{4,12}){4}");

  private RecordFile() {}

  static byte[] json(Object record) {
    try {
      return MAPPER.writeValueAsBytes(record);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("cannot write " + record.getClass(), e);
    }
  }

  /**
   * The record in a file, or null if there is no such file.
   *
   * @throws IOException naming the file, if it is cut off or no such record
   */
  static <T> T read(FileSystem files, Path file, Class<T> type) throws IOException {
    byte[] bytes = bytes(files, file);
    return bytes == null ? null : parse(bytes, file, type);
  }

  /**
   * The record that the bytes of a file hold.
   *
   * @throws IOException naming the file, if it is cut off or no such record
   */
  static <T> T parse(byte[] bytes, Path file, Class<T> type) throws IOException {
    try {
      T record = MAPPER.readValue(bytes, type);
      if (record == null) {
        throw new IOException("It is empty.");
      }
      return record;
    } catch (IOException e) {
      String firstLine = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
      throw new IOException(
          "%s (%d bytes) cannot be read: %s".formatted(file, bytes.length, firstLine), e);
    }
  }

  /** The contents of a file, or null if there is no such file. */
  static byte[] bytes(FileSystem files, Path file) throws IOException {
    try (InputStream in = files.open(file)) {
      return in.readAllBytes();
    } catch (FileNotFoundException e) {
      return null;
    }
  }

  /**
   * Creates a file with these contents, which survives a power cut.
   *
   * @return whether the operation is one of which only one of several at once succeeds
   * @throws FileAlreadyExistsException if there is one; it is left as it is
   */
  static boolean create(FileSystem files, Path target, byte[] contents) throws IOException {
    LocalDisk.makeFolder(files, target.getParent());
    Path draft = new Path(target.getParent(), "." + target.getName() + "." + UUID.randomUUID());
    boolean once;
    try {
      write(files, draft, contents, false);
      LocalDisk.sync(LocalDisk.raw(files), draft);
      once = publish(files, draft, target);
    } finally {
      if (files.exists(draft)) {
        files.delete(draft, false);
      }
    }
    // Fails if it is not there, whatever the rename said: files that it replaces go next.
    files.getFileStatus(target);
    LocalDisk.syncFolder(files, target.getParent());
    return once;
  }

  /** Whether a file is one that {@link #create} has not made visible; only a run that died has. */
  static boolean isDraft(String name) {
    return DRAFT.matcher(name).matches();
  }

  /**
   * Writes a file, visible while it is written; a caller that needs it to last syncs it.
   *
   * @throws IOException also where Hadoop's local file system throws an error, as on a full disk
   */
  static void write(FileSystem files, Path file, byte[] contents, boolean overwrite)
      throws IOException {
    // Without checksums on a local disk: a run that dies would leave them behind.
    try (FSDataOutputStream out = LocalDisk.raw(files).create(file, overwrite)) {
      out.write(contents);
      if (!overwrite && out.hasCapability(StreamCapabilities.HSYNC)) {
        out.hsync();
      }
    } catch (FSError e) {
      throw new IOException("Cannot write %s: %s".formatted(file, e.getMessage()), e);
    }
  }

  private static boolean publish(FileSystem files, Path draft, Path target) throws IOException {
    if (LocalDisk.path(files, target) != null) {
      try {
        Files.createLink(LocalDisk.path(files, target), LocalDisk.path(files, draft));
        return true;
      } catch (java.nio.file.FileAlreadyExistsException e) {
        throw exists(target, e);
      } catch (UnsupportedOperationException | java.nio.file.FileSystemException e) {
        // A disk without hard links; what follows does, but for two writers at the very same time.
      }
    }
    // Asked first, because some file systems overwrite and some fail in their own ways.
    if (files.exists(target)) {
      throw exists(target, null);
    }
    if (!files.rename(draft, target)) {
      if (files.exists(target)) {
        throw exists(target, null);
      }
      throw new IOException("Could not rename %s to %s.".formatted(draft, target));
    }
    return ONCE.contains(String.valueOf(files.getUri().getScheme()));
  }

  private static FileAlreadyExistsException exists(Path target, Exception cause) {
    FileAlreadyExistsException e = new FileAlreadyExistsException(target + " exists.");
    e.initCause(cause);
    return e;
  }
}
