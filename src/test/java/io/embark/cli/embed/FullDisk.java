package io.embark.cli.embed;

import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;

/** The local disk as {@code full://}, with room for two kilobytes of data. */
public final class FullDisk extends RawLocalFileSystem {
  private static final long ROOM = 2_000;
  private static final AtomicLong WRITTEN = new AtomicLong();

  @Override
  public URI getUri() {
    return URI.create("full:///");
  }

  @Override
  protected OutputStream createOutputStreamWithMode(
      Path file, boolean append, FsPermission permission) throws IOException {
    return new Filling(super.createOutputStreamWithMode(file, append, permission));
  }

  private static final class Filling extends OutputStream {
    private final OutputStream out;

    Filling(OutputStream out) {
      this.out = out;
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      if (WRITTEN.addAndGet(length) > ROOM) {
        throw new IOException("No space left on device");
      }
      out.write(bytes, offset, length);
    }

    @Override
    public void close() throws IOException {
      out.close();
    }
  }
}
