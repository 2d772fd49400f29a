package io.embark.table;

import java.io.IOException;
import java.net.URI;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;

/**
 * A local disk under the scheme {@code crash}, on which a process dies at a chosen change: that one
 * and all later ones fail. Half of the time the change itself is still done, or half done.
 */
public final class CrashingFileSystem extends RawLocalFileSystem {
  private static int left = Integer.MAX_VALUE;
  private static boolean halfDone;

  /** Everything works. */
  static void revive() {
    left = Integer.MAX_VALUE;
  }

  /** Lets so many changes through. */
  static void dieAfter(int changes, boolean halfWayThrough) {
    left = changes;
    halfDone = halfWayThrough;
  }

  /** How many changes were made since {@code dieAfter(limit)}. */
  static int changesSince(int limit) {
    return limit - left;
  }

  static boolean isDead() {
    return left < 0;
  }

  private static boolean dies() throws IOException {
    if (left < 0) {
      throw new IOException("dead");
    }
    return --left < 0;
  }

  @Override
  public URI getUri() {
    return URI.create("crash:///");
  }

  @Override
  public String getScheme() {
    return "crash";
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
    if (dies()) {
      if (halfDone) {
        // A file with nothing in it.
        super.create(file, permission, overwrite, bufferSize, replication, blockSize, progress)
            .close();
      }
      throw new IOException("died creating " + file);
    }
    return super.create(file, permission, overwrite, bufferSize, replication, blockSize, progress);
  }

  @Override
  public boolean rename(Path from, Path to) throws IOException {
    if (dies()) {
      if (halfDone) {
        super.rename(from, to);
      }
      throw new IOException("died renaming " + from);
    }
    return super.rename(from, to);
  }

  @Override
  public boolean delete(Path path, boolean recursive) throws IOException {
    if (dies()) {
      if (halfDone) {
        super.delete(path, recursive);
      }
      throw new IOException("died deleting " + path);
    }
    return super.delete(path, recursive);
  }
}
