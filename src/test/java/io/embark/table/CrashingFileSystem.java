package io.embark.table;

import java.io.IOException;
import java.net.URI;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.security.AccessControlException;
import org.apache.hadoop.util.Progressable;

/**
 * A local disk under the scheme {@code crash}, on which a process dies at a chosen change: that one
 * and all later ones fail. Half of the time the change itself is still done, or half done.
 */
public final class CrashingFileSystem extends RawLocalFileSystem {
  private static int left = Integer.MAX_VALUE;
  private static boolean halfDone;

  private static Runnable pause;
  private static String stuck = "";
  private static boolean says;

  /** Everything works. */
  static void revive() {
    left = Integer.MAX_VALUE;
    pause = null;
    stuck = "";
  }

  /** Files whose names match cannot be deleted, which the file system says or does not. */
  static void keep(String names, boolean byAnException) {
    stuck = names;
    says = byAnException;
  }

  /** Lets so many changes through; the next one waits for what others do meanwhile. */
  static void pauseAfter(int changes, Runnable others) {
    left = changes;
    pause = others;
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
    if (--left < 0 && pause != null) {
      Runnable others = pause;
      revive();
      others.run();
    }
    return left < 0;
  }

  /** Nothing: without native code each is a process. */
  @Override
  public void setPermission(Path path, FsPermission permission) {}

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
      boolean overwrite,
      int bufferSize,
      short replication,
      long blockSize,
      Progressable progress)
      throws IOException {
    if (!isDead() && file.getName().endsWith(".beat")) {
      // Comes by the clock, and so at any moment.
      return super.create(file, overwrite, bufferSize, replication, blockSize, progress);
    }
    if (dies()) {
      if (halfDone) {
        // A file with nothing in it.
        super.create(file, overwrite, bufferSize, replication, blockSize, progress).close();
      }
      throw new IOException("died creating " + file);
    }
    return super.create(file, overwrite, bufferSize, replication, blockSize, progress);
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
    if (path.getName().matches(stuck)) {
      if (says) {
        throw new AccessControlException("Permission denied");
      }
      return false;
    }
    if (dies()) {
      if (halfDone) {
        super.delete(path, recursive);
      }
      throw new IOException("died deleting " + path);
    }
    return super.delete(path, recursive);
  }
}
