package io.embark.model.store;

import io.embark.UserError;
import io.embark.model.ModelDirectory;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.Collection;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.zip.CRC32;
import java.util.zip.CRC32C;
import java.util.zip.CheckedInputStream;
import java.util.zip.Checksum;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.EtagSource;
import org.apache.hadoop.fs.FileChecksum;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.apache.hadoop.fs.UnsupportedFileSystemException;

/**
 * A directory or an archive in a file system of Hadoop's: read with retries, and checked as far as
 * that file system has checksums.
 */
record HadoopFiles(String name, Path root, Configuration hadoop, Retries retries)
    implements TreeModel.Tree {
  /** More than any model has: a bucket that is named by mistake is not listed to its end. */
  private static final int MOST_FILES = 10_000;

  private FileSystem files() throws IOException {
    try {
      return root.getFileSystem(hadoop);
    } catch (UnsupportedFileSystemException e) {
      throw new UserError(
          ("Model %s: no file system for %s:// on the class path (%s). Add its connector, for"
                  + " example org.apache.hadoop:hadoop-aws for s3a, to driver and executors.")
              .formatted(name, root.toUri().getScheme(), e.getMessage()),
          e);
    } catch (IllegalArgumentException e) {
      // The form in which HDFS reports an unknown host, which may pass.
      if (e.getCause() instanceof UnknownHostException host) {
        throw host;
      }
      throw new UserError("Model %s: %s".formatted(name, e.getMessage()), e);
    } catch (RuntimeException e) {
      if (e.getCause() instanceof ClassNotFoundException) {
        throw new UserError(
            ("Model %s: the file system for %s:// is not on the class path (%s). Add its connector"
                    + " to driver and executors.")
                .formatted(name, root.toUri().getScheme(), e.getCause().getMessage()),
            e);
      }
      throw e;
    }
  }

  private FileStatus status() throws IOException {
    FileSystem files = files();
    try {
      return files.getFileStatus(root);
    } catch (FileNotFoundException e) {
      throw new UserError(
          "Model %s does not exist: nothing at %s in file system %s."
              .formatted(name, root, files.getUri()),
          e);
    }
  }

  /** Whether this is a file and not a directory, nor nothing. */
  boolean isFile() throws IOException {
    return retries.read(
        "Looking up " + root,
        () -> {
          try {
            return files().getFileStatus(root).isFile();
          } catch (FileNotFoundException e) {
            return false;
          }
        });
  }

  /** Every file below, hidden directories left out, by its path relative to the root. */
  @Override
  public SortedMap<String, TreeModel.RemoteFile> list() throws IOException {
    return retries.read("Listing " + root, this::listOnce);
  }

  private SortedMap<String, TreeModel.RemoteFile> listOnce() throws IOException {
    FileSystem files = files();
    FileStatus directory = status();
    if (!directory.isDirectory()) {
      throw ModelDirectory.isFile(name);
    }
    String base = directory.getPath().toUri().getPath();
    SortedMap<String, TreeModel.RemoteFile> found = new TreeMap<>();
    RemoteIterator<LocatedFileStatus> all = files.listFiles(root, true);
    while (all.hasNext()) {
      LocatedFileStatus file = all.next();
      String path = file.getPath().toUri().getPath().substring(base.length()).replaceAll("^/+", "");
      if (!path.startsWith(".") && !path.contains("/.")) {
        found.put(path, new TreeModel.RemoteFile(file.getLen(), version(file)));
      }
      if (found.size() > MOST_FILES) {
        throw new UserError(
            "Model %s holds more than %d files; wanted is the directory of one model."
                .formatted(name, MOST_FILES));
      }
    }
    return found;
  }

  /** An object store's entity tag follows the contents, a time only the clock. */
  static String version(FileStatus file) {
    String etag = file instanceof EtagSource tagged ? tagged.getEtag() : null;
    return etag != null && !etag.isEmpty() ? etag : Long.toString(file.getModificationTime());
  }

  @Override
  public byte[] read(String file) throws IOException {
    Path path = new Path(root, new Path(null, null, file));
    return retries.read(
        "Reading " + path,
        () -> {
          FileSystem files = files();
          try (var in = files.open(path)) {
            byte[] contents = in.readAllBytes();
            long length = files.getFileStatus(path).getLen();
            if (contents.length != length) {
              throw new IOException(
                  "%s has %d bytes, %d arrived".formatted(path, length, contents.length));
            }
            return contents;
          }
        });
  }

  @Override
  public void copy(Collection<String> paths, java.nio.file.Path to) throws IOException {
    for (String path : paths) {
      copy(new Path(root, new Path(null, null, path)), to.resolve(path));
    }
  }

  /** Tells the present contents of the archive from others. */
  String state() throws IOException {
    FileStatus status = retries.read("Looking up " + root, this::status);
    if (status.isDirectory()) {
      throw new UserError(
          "Model %s is a directory; by its name it should be an archive.".formatted(name));
    }
    return status.getLen() + " " + version(status);
  }

  java.nio.file.Path fetch(java.nio.file.Path newFile) throws IOException {
    copy(root, newFile);
    return newFile;
  }

  private void copy(Path from, java.nio.file.Path to) throws IOException {
    retries.read(
        "Copying " + from,
        () -> {
          FileSystem files = files();
          try (var in = files.open(from)) {
            CopyIn.file(in, to, files.getFileStatus(from).getLen(), from.toString());
          }
          requireSameChecksum(files.getFileChecksum(from), from, to);
          return null;
        });
  }

  /** Most checksums depend on how a file is stored; a CRC of the whole file does not. */
  private static void requireSameChecksum(FileChecksum wanted, Path from, java.nio.file.Path to)
      throws IOException {
    String algorithm = wanted == null ? "" : wanted.getAlgorithmName();
    Checksum crc =
        switch (algorithm) {
          case "COMPOSITE-CRC32C" -> new CRC32C();
          case "COMPOSITE-CRC32" -> new CRC32();
          default -> null;
        };
    if (crc == null) {
      return;
    }
    try (var in = new CheckedInputStream(Files.newInputStream(to), crc)) {
      in.skipNBytes(Files.size(to));
    }
    byte[] found = ByteBuffer.allocate(4).putInt((int) crc.getValue()).array();
    if (!Arrays.equals(found, wanted.getBytes())) {
      throw new IOException(
          "%s arrived damaged: its %s is not that of the file".formatted(from, algorithm));
    }
  }
}
