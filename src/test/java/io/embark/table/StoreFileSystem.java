package io.embark.table;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileUtil;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;

/**
 * A local disk under the scheme {@code store} that behaves as object stores do: a rename asks
 * whether there is something, copies and deletes, each of which others can come between, and throws
 * where a disk says false.
 */
public final class StoreFileSystem extends RawLocalFileSystem {
  private static final int MOST_MILLIS = 40;

  /** Nothing: without native code each is a process. */
  @Override
  public void setPermission(Path path, FsPermission permission) {}

  @Override
  public URI getUri() {
    return URI.create("store:///");
  }

  @Override
  public String getScheme() {
    return "store";
  }

  @Override
  public boolean rename(Path from, Path to) throws IOException {
    FileStatus status = getFileStatus(from);
    if (status.isDirectory()) {
      return super.rename(from, to);
    }
    if (exists(to)) {
      throw new FileAlreadyExistsException(to + " exists.");
    }
    takeTime();
    // An object appears whole, and over another.
    Path whole = to.suffix(".upload" + ThreadLocalRandom.current().nextLong());
    if (!FileUtil.copy(this, from, this, whole, false, getConf())) {
      throw new FileNotFoundException(from + " is gone.");
    }
    super.rename(whole, to);
    takeTime();
    return delete(from, false);
  }

  private static void takeTime() throws IOException {
    try {
      Thread.sleep(ThreadLocalRandom.current().nextInt(MOST_MILLIS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }
}
