package io.embark.table;

import io.embark.testing.QuickDisk;
import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;

/**
 * The local disk, which a process that has died changes no more: what a dead run's {@code finally}
 * would tidy up stays as a SIGKILL leaves it.
 */
public final class MortalDisk extends LocalFileSystem {
  private static final String CLASS = "fs.file.impl";
  private static final String UNCACHED = "fs.file.impl.disable.cache";

  private static volatile boolean dead;

  public MortalDisk() {
    super(new Raw());
  }

  /** Puts it in the place of the local disk, for whoever asks with this configuration. */
  public static void install(Configuration hadoop) {
    hadoop.setClass(CLASS, MortalDisk.class, LocalFileSystem.class);
    hadoop.setBoolean(UNCACHED, true);
  }

  public static void uninstall(Configuration hadoop) {
    hadoop.unset(CLASS);
    hadoop.unset(UNCACHED);
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

  /** What is below the checksums, and is written to without them too. */
  private static final class Raw extends QuickDisk.Raw {
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
      return super.create(
          file, permission, overwrite, bufferSize, replication, blockSize, progress);
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
      requireAlive();
      return super.create(file, overwrite, bufferSize, replication, blockSize, progress);
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
  }
}
