package io.embark.input.text;

import java.util.Optional;
import org.apache.spark.sql.catalyst.csv.CSVOptions;

/**
 * Where the fields of a CSV file begin and end, character by character: what Spark's parser does
 * not tell. A quote that is not closed lets it take the rows behind it for the rest of a field.
 */
final class CsvQuotes {
  private enum At {
    RECORD_START,
    COMMENT,
    FIELD_START,
    UNQUOTED,
    QUOTED,
    /** Behind a character in quotes that takes the next one's meaning. */
    ESCAPED,
    /** Behind a quote in quotes: the end of the field, or half of a doubled quote. */
    QUOTE,
    /** Behind blanks behind such a quote: the parser passes over them, to see what comes then. */
    BLANKS
  }

  private final char quote;
  private final char escape;
  private final int comment;
  private final String delimiter;
  private final boolean skipsSpaces;
  private final long mostChars;

  private At at = At.RECORD_START;
  private int ofDelimiter;
  private long line = 1;
  private long quotedSince;
  private long quotedChars;

  /**
   * @param mostChars of a quoted field that holds line ends
   */
  CsvQuotes(CSVOptions options, long mostChars) {
    this.quote = options.quote();
    this.escape = options.escape();
    this.comment = options.isCommentSet() ? options.comment() : -1;
    this.delimiter = options.delimiter();
    this.skipsSpaces = options.ignoreLeadingWhiteSpaceInRead();
    this.mostChars = mostChars;
  }

  /** Whether the character that comes next is in quotes. */
  boolean inQuotes() {
    return at == At.QUOTED || at == At.ESCAPED;
  }

  /** Lines begun, from 1. */
  long line() {
    return line;
  }

  /**
   * Takes the next character; outside quotes line ends are single line feeds.
   *
   * @param endsLine whether a line of the file ends with it
   * @return what is wrong with the quotes, if something is, with the line
   */
  Optional<String> next(char c, boolean endsLine) {
    boolean lineEnd = c == '\n';
    line += endsLine ? 1 : 0;
    Optional<String> wrong = Optional.empty();
    switch (at) {
      case RECORD_START -> {
        if (c == comment) {
          at = At.COMMENT;
        } else {
          start(c, lineEnd);
        }
      }
      case COMMENT -> at = lineEnd ? At.RECORD_START : At.COMMENT;
      case FIELD_START -> start(c, lineEnd);
      case UNQUOTED -> unquoted(c, lineEnd);
      case ESCAPED -> at = At.QUOTED;
      case QUOTED -> {
        quotedChars++;
        if (c == quote) {
          at = At.QUOTE;
        } else if (c == escape) {
          at = At.ESCAPED;
        } else if (quotedChars > mostChars && line > quotedSince) {
          wrong =
              Optional.of(
                  ("the quote opened in line %d is not closed within %,d characters and has %,d line"
                          + " ends behind it")
                      .formatted(quotedSince, mostChars, line - quotedSince));
        }
      }
      case QUOTE, BLANKS -> wrong = behindQuote(c, lineEnd);
    }
    return wrong;
  }

  /** The same for the end of the file. */
  Optional<String> end() {
    return inQuotes()
        ? Optional.of(
            "the quote opened in line %d is never closed, so that the %,d lines behind it would be one field"
                .formatted(quotedSince, line - quotedSince))
        : Optional.empty();
  }

  private void start(char c, boolean lineEnd) {
    if (c == quote) {
      at = At.QUOTED;
      quotedSince = line;
      quotedChars = 0;
    } else if (!(skipsSpaces && (c == ' ' || c == '\t') && !delimiter.startsWith("" + c))) {
      unquoted(c, lineEnd);
    }
  }

  private void unquoted(char c, boolean lineEnd) {
    at = At.UNQUOTED;
    if (lineEnd) {
      at = At.RECORD_START;
      ofDelimiter = 0;
      return;
    }
    ofDelimiter =
        c == delimiter.charAt(ofDelimiter) ? ofDelimiter + 1 : c == delimiter.charAt(0) ? 1 : 0;
    if (ofDelimiter == delimiter.length()) {
      at = At.FIELD_START;
      ofDelimiter = 0;
    }
  }

  private Optional<String> behindQuote(char c, boolean lineEnd) {
    if (at == At.QUOTE && c == quote && escape == quote) {
      at = At.QUOTED;
      return Optional.empty();
    }
    boolean ends = lineEnd || c == delimiter.charAt(0);
    if (!ends && c <= ' ') {
      at = At.BLANKS;
      return Optional.empty();
    }
    long lines = line - quotedSince;
    // As Spark's parser has it: the field goes on to the next delimiter, quotes and all.
    unquoted(c, lineEnd);
    return ends || lines == 0
        ? Optional.empty()
        : Optional.of(
            ("the quote opened in line %d is closed in line %d, where '%c' follows it and no"
                    + " delimiter: a quote between them opens or closes nothing")
                .formatted(quotedSince, line, c));
  }
}
