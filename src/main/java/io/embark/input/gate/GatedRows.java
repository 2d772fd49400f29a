package io.embark.input.gate;

import java.io.Closeable;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.execution.datasources.PartitionedFile;
import scala.collection.AbstractIterator;
import scala.collection.Iterator;

/** The rows of a file, or its batches of rows, see {@link GatedReader}. */
final class GatedRows extends AbstractIterator<Object> implements Closeable {
  private final PartitionedFile file;
  private final Configuration hadoop;
  private final Iterator<?> rows;
  private boolean ended;

  GatedRows(PartitionedFile file, Configuration hadoop, GatedReader.Reader reader) {
    this.file = file;
    this.hadoop = hadoop;
    requireUnchanged();
    try {
      rows = reader.read(file);
    } catch (Exception e) {
      throw named(e);
    }
  }

  @Override
  public boolean hasNext() {
    if (ended) {
      return false;
    }
    try {
      ended = !rows.hasNext();
    } catch (Exception e) {
      throw named(e);
    }
    if (ended) {
      requireUnchanged();
    }
    return !ended;
  }

  @Override
  public Object next() {
    try {
      return rows.next();
    } catch (Exception e) {
      throw named(e);
    }
  }

  private void requireUnchanged() {
    Path path = file.toPath();
    try {
      FileStatus now = path.getFileSystem(hadoop).getFileStatus(path);
      if (now.getLen() != file.fileSize() || now.getModificationTime() != file.modificationTime()) {
        throw new ChangedInput(path, "has changed since the run began");
      }
    } catch (FileNotFoundException e) {
      throw new ChangedInput(path, "is gone since the run began");
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot look at " + path, e);
    }
  }

  /**
   * What a reader said, which are exceptions that it need not declare. A file that is written anew
   * while it is read looks damaged, and is not.
   */
  private RuntimeException named(Exception e) {
    try {
      requireUnchanged();
    } catch (ChangedInput changed) {
      changed.addSuppressed(e);
      throw changed;
    } catch (UncheckedIOException unseen) {
      e.addSuppressed(unseen);
    }
    return UnreadableInput.of(file.toPath(), e);
  }

  @Override
  public void close() throws IOException {
    if (rows instanceof Closeable closeable) {
      closeable.close();
    }
  }
}
