package io.embark.input.text;

import io.embark.input.gate.UnreadableInput;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.Charset;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.catalyst.csv.CSVOptions;
import scala.collection.AbstractIterator;
import scala.collection.Iterator;

/**
 * A CSV file whose records all end in line feeds, in UTF-8, as Spark's parser is told to expect: by
 * itself it takes the first line end that it sees for that of all records. Within quotes line ends
 * stay as they are.
 */
final class CsvLines extends InputStream {
  private static final int CHARS = 1 << 15;

  private final Path file;
  private final Reader chars;

  private final CsvQuotes quotes;
  private final CharBuffer in = CharBuffer.allocate(CHARS);
  private final CharBuffer out = CharBuffer.allocate(CHARS + 8);
  private final CharsetEncoder encoder;
  private ByteBuffer bytes = ByteBuffer.allocate(0);

  /**
   * The line end of the first record: {@code \n}, {@code \r}, or {@code \r\n} as 0; -1 before it.
   */
  private int lineEnd = -1;

  private boolean carriageReturn;
  private boolean ended;
  private Optional<String> wrong = Optional.empty();

  CsvLines(Path file, InputStream in, CSVOptions options, long mostChars) {
    this.file = file;
    this.chars = new InputStreamReader(in, Charset.forName(options.charset()));
    this.quotes = new CsvQuotes(options, mostChars);
    this.encoder =
        StandardCharsets.UTF_8
            .newEncoder()
            .onMalformedInput(CodingErrorAction.REPLACE)
            .onUnmappableCharacter(CodingErrorAction.REPLACE);
    this.in.flip();
  }

  /**
   * What a parser makes of these lines, as long as their quotes are in order.
   *
   * @return an iterator that throws an {@link UnreadableInput}
   */
  <T> Iterator<T> guard(Iterator<T> records) {
    return new AbstractIterator<>() {
      @Override
      public boolean hasNext() {
        boolean more = records.hasNext();
        if (wrong.isPresent()) {
          throw new UnreadableInput(file, wrong.get(), null);
        }
        return more;
      }

      @Override
      public T next() {
        return records.next();
      }
    };
  }

  @Override
  public int read() throws IOException {
    return fill() ? bytes.get() & 0xff : -1;
  }

  @Override
  public int read(byte[] into, int from, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    if (!fill()) {
      return -1;
    }
    int n = Math.min(length, bytes.remaining());
    bytes.get(into, from, n);
    return n;
  }

  /** Makes bytes to be read; false at the end. */
  private boolean fill() throws IOException {
    while (!bytes.hasRemaining()) {
      if (ended) {
        return false;
      }
      in.compact();
      boolean more = chars.read(in) >= 0;
      in.flip();
      while (in.hasRemaining() && out.remaining() >= 4) {
        next(in.get());
      }
      if (!more && !in.hasRemaining()) {
        if (carriageReturn) {
          carriageReturn = false;
          put(quotes.inQuotes() ? '\r' : '\n', true);
        }
        wrong = wrong.or(quotes::end);
        ended = true;
      }
      out.flip();
      bytes =
          ByteBuffer.allocate(
              (int) Math.ceil(out.remaining() * (double) encoder.maxBytesPerChar()) + 4);
      encoder.encode(out, bytes, ended);
      out.compact();
      bytes.flip();
    }
    return true;
  }

  private void next(char c) {
    if (carriageReturn) {
      carriageReturn = false;
      carriageReturn(c == '\n');
      if (c == '\n') {
        return;
      }
    }
    if (c == '\r') {
      carriageReturn = true;
    } else {
      if (c == '\n' && lineEnd < 0 && !quotes.inQuotes()) {
        lineEnd = '\n';
      }
      put(c, c == '\n');
    }
  }

  /** A carriage return, with a line feed behind it or not. */
  private void carriageReturn(boolean lineFeed) {
    if (quotes.inQuotes()) {
      put('\r', !lineFeed);
      if (lineFeed) {
        put('\n', true);
      }
      return;
    }
    if (lineEnd < 0) {
      lineEnd = lineFeed ? 0 : '\r';
    }
    boolean ends = lineFeed || lineEnd == '\r';
    put(ends ? '\n' : '\r', ends);
  }

  private void put(char c, boolean endsLine) {
    out.put(c);
    Optional<String> found = quotes.next(c, endsLine);
    if (found.isPresent() && wrong.isEmpty()) {
      wrong = found;
    }
  }

  @Override
  public void close() throws IOException {
    chars.close();
  }
}
