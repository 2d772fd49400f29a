package io.embark.table;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;

/** The local disk, with a record of its changes and of what was made to last, in their order. */
public final class RecordingFileSystem extends RawLocalFileSystem {
  /** Lines such as {@code rename FROM TO}, with names relative to the root. */
  static final List<String> EVENTS = new CopyOnWriteArrayList<>();

  private static volatile String root = "";

  /** Starts anew, for changes below a folder. */
  static void record(java.nio.file.Path folder) {
    root = folder + "/";
    EVENTS.clear();
    LocalDisk.watch(path -> add("sync", path.toString()));
  }

  static void stop() {
    LocalDisk.watch(path -> {});
  }

  private static void add(String what, String... paths) {
    StringBuilder line = new StringBuilder(what);
    for (String path : paths) {
      line.append(' ').append((path + "/").replace(root, "").replaceFirst("/$", ""));
    }
    EVENTS.add(line.toString());
  }

  private static String name(Path path) {
    return path.toUri().getPath();
  }

  /** Nothing: without native code each is a process. */
  @Override
  public void setPermission(Path path, FsPermission permission) {}

  @Override
  public FSDataOutputStream create(
      Path file,
      boolean overwrite,
      int bufferSize,
      short replication,
      long blockSize,
      Progressable progress)
      throws IOException {
    add("create", name(file));
    return super.create(file, overwrite, bufferSize, replication, blockSize, progress);
  }

  @Override
  public boolean rename(Path from, Path to) throws IOException {
    add("rename", name(from), name(to));
    return super.rename(from, to);
  }

  @Override
  public boolean delete(Path path, boolean recursive) throws IOException {
    add("delete", name(path));
    return super.delete(path, recursive);
  }
}
