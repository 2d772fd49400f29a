package io.embark.table;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;

/**
 * What has to be asked of a local disk itself, since Hadoop's interface has no word for it: that
 * files, and the folders that name them, survive a power cut. On other file systems these methods
 * do nothing; HDFS and object stores keep what they have acknowledged, see docs/tables.md.
 */
final class LocalDisk {
  private static volatile Consumer<java.nio.file.Path> watcher = path -> {};

  private LocalDisk() {}

  /** Has somebody told of each path before it is made to last; for tests. */
  static void watch(Consumer<java.nio.file.Path> told) {
    watcher = told;
  }

  /** The file system without Hadoop's checksums beside the files; itself if it is no local disk. */
  static FileSystem raw(FileSystem files) {
    return files instanceof LocalFileSystem local ? local.getRaw() : files;
  }

  /** The path as the JDK knows it; null if it is on no local disk. */
  static java.nio.file.Path path(FileSystem files, Path path) {
    return raw(files) instanceof RawLocalFileSystem disk && disk.getUri().getScheme().equals("file")
        ? disk.pathToFile(path).toPath()
        : null;
  }

  /** Makes the contents of a file last, those of its checksums included. */
  static void sync(FileSystem files, Path file) throws IOException {
    java.nio.file.Path path = path(files, file);
    if (path == null) {
      return;
    }
    force(path, StandardOpenOption.WRITE);
    if (files instanceof LocalFileSystem local) {
      java.nio.file.Path checksums = path(files, local.getChecksumFile(file));
      if (Files.exists(checksums)) {
        force(checksums, StandardOpenOption.WRITE);
      }
    }
  }

  /** Makes the names in a folder last: new ones, and that others are gone. */
  static void syncFolder(FileSystem files, Path folder) throws IOException {
    java.nio.file.Path path = path(files, folder);
    // Windows opens no folders, and writes names at once.
    if (path != null && FileSystems.getDefault().supportedFileAttributeViews().contains("posix")) {
      force(path, StandardOpenOption.READ);
    }
  }

  /** {@link #sync} for all files below a folder. */
  static void syncTree(FileSystem files, Path folder) throws IOException {
    if (path(files, folder) == null) {
      return;
    }
    for (FileStatus status : files.listStatus(folder)) {
      if (status.isDirectory()) {
        syncTree(files, status.getPath());
      } else {
        sync(files, status.getPath());
      }
    }
    syncFolder(files, folder);
  }

  /** Makes a folder that lasts, and those above it. */
  static void makeFolder(FileSystem files, Path folder) throws IOException {
    Deque<Path> missing = new ArrayDeque<>();
    if (path(files, folder) != null) {
      for (Path above = folder;
          above != null && !Files.exists(path(files, above));
          above = above.getParent()) {
        missing.push(above);
      }
    }
    files.mkdirs(folder);
    for (Path made : missing) {
      syncFolder(files, made.getParent());
    }
  }

  private static void force(java.nio.file.Path path, StandardOpenOption option) throws IOException {
    watcher.accept(path);
    try (FileChannel channel = FileChannel.open(path, option)) {
      channel.force(true);
    }
  }
}
