package io.embark.table;

import java.io.IOException;
import java.net.URI;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;

/**
 * The local disk under the scheme {@code mortal}, which a process that has died changes no more:
 * what a dead run's {@code finally} would tidy up stays as a SIGKILL leaves it.
 */
public final class MortalDisk extends LocalFileSystem {
  private static volatile boolean dead;

  public MortalDisk() {
    super(new Raw());
  }

  public static void die() {
    dead = true;
  }

  public static void revive() {
    dead = false;
  }

  public static boolean isDead() {
    return dead;
  }

  static void requireAlive() throws IOException {
    if (dead) {
      throw new IOException("dead");
    }
  }

  @Override
  public String getScheme() {
    return "mortal";
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
    requireAlive();
    return super.create(file, permission, overwrite, bufferSize, replication, blockSize, progress);
  }

  @Override
  public boolean rename(Path from, Path to) throws IOException {
    requireAlive();
    return super.rename(from, to);
  }

  @Override
  public boolean delete(Path path, boolean recursive) throws IOException {
    requireAlive();
    return super.delete(path, recursive);
  }

  private static final class Raw extends RawLocalFileSystem {
    @Override
    public URI getUri() {
      return URI.create("mortal:///");
    }
  }
}
