package io.embark.input.text;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import org.apache.hadoop.io.Text;
import org.apache.hadoop.util.LineReader;
import org.apache.spark.sql.catalyst.csv.CSVOptions;
import scala.collection.AbstractIterator;
import scala.collection.Iterator;

/**
 * The lines that are rows: all but empty ones and comments. Spark leaves out those of blank fields
 * too.
 */
final class LineRows extends AbstractIterator<String> {
  private final Iterator<String> lines;
  private final String comment;
  private String next;

  LineRows(Iterator<String> lines, CSVOptions options) {
    this.lines = lines;
    this.comment = options.isCommentSet() ? String.valueOf(options.comment()) : null;
  }

  /** The rows of a whole file. */
  static LineRows of(InputStream in, CSVOptions options) {
    LineReader reader =
        options.lineSeparatorInRead().isEmpty()
            ? new LineReader(in)
            : new LineReader(in, options.lineSeparatorInRead().get());
    return new LineRows(new Lines(reader, options.charset()), options);
  }

  @Override
  public boolean hasNext() {
    while (next == null && lines.hasNext()) {
      String line = lines.next();
      if (!line.isEmpty() && (comment == null || !line.startsWith(comment))) {
        next = line;
      }
    }
    return next != null;
  }

  @Override
  public String next() {
    if (!hasNext()) {
      throw new java.util.NoSuchElementException();
    }
    String line = next;
    next = null;
    return line;
  }

  private static final class Lines extends AbstractIterator<String> {
    private static final String BYTE_ORDER_MARK = "\ufeff";

    private final LineReader reader;
    private final String charset;
    private final Text line = new Text();
    private boolean read;
    private boolean there;
    private boolean first = true;

    Lines(LineReader reader, String charset) {
      this.reader = reader;
      this.charset = charset;
    }

    @Override
    public boolean hasNext() {
      try {
        there = read ? there : reader.readLine(line) > 0;
        read = true;
        return there;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public String next() {
      if (!hasNext()) {
        throw new java.util.NoSuchElementException();
      }
      read = false;
      boolean begins = first;
      first = false;
      try {
        String text = new String(line.getBytes(), 0, line.getLength(), charset);
        // What Spark's reader of lines leaves out too.
        return begins && text.startsWith(BYTE_ORDER_MARK) ? text.substring(1) : text;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
