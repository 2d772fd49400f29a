package io.embark.model.store;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.CRC32C;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.CompositeCrcFileChecksum;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSInputStream;
import org.apache.hadoop.fs.FileChecksum;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.security.AccessControlException;
import org.apache.hadoop.util.DataChecksum;

/** The local disk as {@code far:}, so that it counts as remote, with the faults of a network. */
public final class FarAway extends RawLocalFileSystem {
  /** How many of the next opened files fail, end early or arrive with one bit turned. */
  static final AtomicInteger FAILING = new AtomicInteger();

  static final AtomicInteger CUT = new AtomicInteger();
  static final AtomicInteger TURNED = new AtomicInteger();
  static final AtomicInteger OPENED = new AtomicInteger();
  static final AtomicInteger ASKED = new AtomicInteger();
  static volatile boolean down;
  static volatile boolean forbidden;
  static volatile boolean checksums;

  /** Run at the first byte of every file. */
  static volatile Runnable whenRead = () -> {};

  static void reset() {
    FAILING.set(0);
    CUT.set(0);
    TURNED.set(0);
    OPENED.set(0);
    ASKED.set(0);
    down = false;
    forbidden = false;
    checksums = false;
    whenRead = () -> {};
  }

  static ModelStore store(java.nio.file.Path cache) {
    return store(cache, 1L << 40, false);
  }

  static ModelStore store(java.nio.file.Path cache, long maxBytes, boolean offline) {
    return new ModelStore(
        new CacheSettings(cache, maxBytes, offline, new CacheOwner(null)),
        new Conf(),
        new Retries(3, 1),
        new HostFolders(cache.resolve("builtins"), cache.resolve("hub")));
  }

  /** Settings in which this file system is known. */
  static final class Conf extends Configuration {
    Conf() {
      set("fs.far.impl", FarAway.class.getName());
    }
  }

  @Override
  public URI getUri() {
    return URI.create("far:///");
  }

  @Override
  public FileStatus getFileStatus(Path path) throws IOException {
    ASKED.incrementAndGet();
    if (down) {
      throw new ConnectException("no route to far");
    }
    if (forbidden) {
      throw new AccessControlException("not for you");
    }
    return plain(super.getFileStatus(path));
  }

  @Override
  public FileStatus[] listStatus(Path path) throws IOException {
    return Arrays.stream(super.listStatus(path)).map(FarAway::plain).toArray(FileStatus[]::new);
  }

  /** The local one's asks for permissions, which it knows for {@code file:} only. */
  private static FileStatus plain(FileStatus found) {
    return new FileStatus(
        found.getLen(), found.isDirectory(), 1, 4096, found.getModificationTime(), found.getPath());
  }

  @Override
  public FSDataInputStream open(Path path, int bufferSize) throws IOException {
    OPENED.incrementAndGet();
    String log = getConf().get("far.log");
    if (log != null) {
      Files.writeString(
          java.nio.file.Path.of(log),
          path.getName() + "\n",
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
    }
    if (FAILING.getAndUpdate(n -> Math.max(0, n - 1)) > 0) {
      throw new SocketTimeoutException("far is slow");
    }
    java.nio.file.Path file = java.nio.file.Path.of(path.toUri().getPath());
    if (!Files.exists(file)) {
      throw new FileNotFoundException(path.toString());
    }
    byte[] bytes = Files.readAllBytes(file);
    int length = bytes.length;
    if (CUT.getAndUpdate(n -> Math.max(0, n - 1)) > 0) {
      length /= 2;
    }
    if (TURNED.getAndUpdate(n -> Math.max(0, n - 1)) > 0) {
      bytes[length / 2] ^= 1;
    }
    return new FSDataInputStream(new Bytes(bytes, length));
  }

  @Override
  public FileChecksum getFileChecksum(Path path) throws IOException {
    if (!checksums) {
      return null;
    }
    CRC32C crc = new CRC32C();
    crc.update(Files.readAllBytes(java.nio.file.Path.of(path.toUri().getPath())));
    return new CompositeCrcFileChecksum((int) crc.getValue(), DataChecksum.Type.CRC32C, 512);
  }

  private static final class Bytes extends FSInputStream {
    private final byte[] bytes;
    private final int length;
    private int position;

    Bytes(byte[] bytes, int length) {
      this.bytes = bytes;
      this.length = length;
    }

    @Override
    public int read() {
      if (position == 0) {
        whenRead.run();
      }
      return position < length ? bytes[position++] & 0xff : -1;
    }

    @Override
    public int read(byte[] to, int offset, int count) {
      int first = read();
      if (first < 0) {
        return -1;
      }
      to[offset] = (byte) first;
      // In small pieces, as from a network.
      int more = Math.min(Math.min(count - 1, 4095), length - position);
      System.arraycopy(bytes, position, to, offset + 1, more);
      position += more;
      return more + 1;
    }

    @Override
    public void seek(long to) {
      position = (int) to;
    }

    @Override
    public long getPos() {
      return position;
    }

    @Override
    public boolean seekToNewSource(long target) {
      return false;
    }
  }
}
