package io.embark.table;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileUtil;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;

/**
 * A file system under the scheme {@code store} that behaves like s3a: an object appears, over one
 * that is there, when its stream is closed, and not at all if the writer dies before; to create
 * without overwriting is to look first; a rename copies each object and then deletes it, a folder's
 * one by one, so that a death leaves both or some of each. Dies with {@link MortalDisk}.
 */
public final class ObjectStoreDouble extends RawLocalFileSystem {
  private static int copies = Integer.MAX_VALUE;

  /** Dies after so many copies, of which the last is not deleted where it came from. */
  public static void dieAfterCopies(int number) {
    copies = number;
  }

  @Override
  public URI getUri() {
    return URI.create("store:///");
  }

  @Override
  public String getScheme() {
    return "store";
  }

  @Override
  public FSDataOutputStream create(
      Path file,
      FsPermission permission,
      boolean overwrite,
      int bufferSize,
      short replication,
      long blockSize,
      Progressable progress)
      throws IOException {
    MortalDisk.requireAlive();
    if (!overwrite && exists(file)) {
      throw new FileAlreadyExistsException(file + " exists");
    }
    return new FSDataOutputStream(new Upload(file), statistics);
  }

  /** Puts the object when it is closed. */
  private final class Upload extends ByteArrayOutputStream {
    private final Path file;
    private boolean closed;

    Upload(Path file) {
      this.file = file;
    }

    @Override
    public void close() throws IOException {
      if (!closed) {
        closed = true;
        put(file, toByteArray());
      }
    }
  }

  private void put(Path file, byte[] contents) throws IOException {
    MortalDisk.requireAlive();
    try (OutputStream out = super.create(file, true, 4096, (short) 1, 1L << 25, null)) {
      new ByteArrayInputStream(contents).transferTo(out);
    }
  }

  @Override
  public boolean rename(Path from, Path to) throws IOException {
    MortalDisk.requireAlive();
    if (!exists(from)) {
      return false;
    }
    FileStatus source = getFileStatus(from);
    Path target = exists(to) && getFileStatus(to).isDirectory() ? new Path(to, from.getName()) : to;
    if (source.isDirectory()) {
      mkdirs(target);
      for (FileStatus child : listStatus(from)) {
        rename(child.getPath(), new Path(target, child.getPath().getName()));
      }
      return delete(from, true);
    }
    if (exists(target)) {
      return false;
    }
    put(target, java.nio.file.Files.readAllBytes(pathToFile(from).toPath()));
    if (--copies == 0) {
      copies = Integer.MAX_VALUE;
      MortalDisk.die();
      throw new IOException("died copying " + from);
    }
    return delete(from, false);
  }

  @Override
  public boolean delete(Path path, boolean recursive) throws IOException {
    MortalDisk.requireAlive();
    if (recursive && exists(path) && getFileStatus(path).isDirectory()) {
      return FileUtil.fullyDelete(pathToFile(path));
    }
    return super.delete(path, recursive);
  }
}
