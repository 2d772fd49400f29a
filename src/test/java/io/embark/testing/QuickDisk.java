package io.embark.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermission;
import java.util.EnumSet;
import java.util.Set;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;

/**
 * Hadoop's local disk, but that permissions are set by the JVM. Without its native library Hadoop
 * starts a process for each file, which is a good part of what small jobs do.
 */
public final class QuickDisk extends LocalFileSystem {
  /** As {@link PosixFilePermission} counts them, from the highest bit. */
  private static final PosixFilePermission[] BITS = PosixFilePermission.values();

  public QuickDisk() {
    super(new Raw());
  }

  /** What is below the checksums. */
  public static class Raw extends RawLocalFileSystem {
    @Override
    public void setPermission(Path path, FsPermission permission) throws IOException {
      Set<PosixFilePermission> all = EnumSet.noneOf(PosixFilePermission.class);
      for (int i = 0; i < BITS.length; i++) {
        if ((permission.toShort() & 1 << BITS.length - 1 - i) != 0) {
          all.add(BITS[i]);
        }
      }
      Files.setPosixFilePermissions(pathToFile(path).toPath(), all);
    }
  }
}
