package io.embark.input.text;

import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonStreamContext;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.util.JsonParserDelegate;
import java.io.IOException;

/**
 * A parser of one record, or of an array of records, that wants nothing behind it once that has
 * been read, and no key twice. Halves of surrogate pairs, which no encoding can hold, become
 * U+FFFD.
 */
final class OneValueParser extends JsonParserDelegate {
  private static final char REPLACEMENT = '\ufffd';

  private final KeysOnce keys;

  private boolean begun;

  /** Whether the value is an array whose elements are the records. */
  private boolean ofRecords;

  OneValueParser(JsonParser parser) {
    super(parser);
    keys = new KeysOnce(parser);
  }

  /**
   * @throws JsonParseException if what begins in the place of a record is none, or a key occurs
   *     again
   */
  @Override
  public JsonToken nextToken() throws IOException {
    JsonToken token = super.nextToken();
    if (token != null) {
      keys.next(token);
      if (!begun || ofRecords) {
        requireRecord(token);
      }
    }
    return token;
  }

  /** Token by token: what nobody reads is looked at too. */
  @Override
  public JsonParser skipChildren() throws IOException {
    if (currentToken() != null && currentToken().isStructStart()) {
      for (int open = 1; open > 0; ) {
        JsonToken token = nextToken();
        if (token == null) {
          return this;
        }
        open += token.isStructStart() ? 1 : token.isStructEnd() ? -1 : 0;
      }
    }
    return this;
  }

  private void requireRecord(JsonToken token) throws IOException {
    boolean record = token == JsonToken.START_OBJECT;
    if (!begun) {
      begun = true;
      ofRecords = token == JsonToken.START_ARRAY;
      record |= ofRecords;
    } else if (!isElement(token)) {
      return;
    }
    if (!record) {
      String found =
          token == JsonToken.START_ARRAY
              ? "an array"
              : token == JsonToken.VALUE_STRING ? "a string" : getText();
      throw new JsonParseException(
          delegate, "Found %s in the place of a record, wanted an object".formatted(found));
    }
  }

  /** Whether a token is, or begins, an element of the outermost array. */
  private boolean isElement(JsonToken token) {
    JsonStreamContext at =
        token.isStructStart() ? getParsingContext().getParent() : getParsingContext();
    return !token.isStructEnd() && at.inArray() && at.getParent().inRoot();
  }

  @Override
  public String getText() throws IOException {
    String text = super.getText();
    return currentToken() == JsonToken.VALUE_STRING ? whole(text) : text;
  }

  @Override
  public String getCurrentName() throws IOException {
    String name = super.getCurrentName();
    return name == null ? null : whole(name);
  }

  @Override
  public String currentName() throws IOException {
    return getCurrentName();
  }

  /** The text with whole pairs only. */
  static String whole(String text) {
    StringBuilder whole = null;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isSurrogate(c)) {
        boolean pair =
            Character.isHighSurrogate(c)
                && i + 1 < text.length()
                && Character.isLowSurrogate(text.charAt(i + 1));
        if (pair) {
          i++;
        } else {
          whole = whole == null ? new StringBuilder(text) : whole;
          whole.setCharAt(i, REPLACEMENT);
        }
      }
    }
    return whole == null ? text : whole.toString();
  }

  /**
   * @throws JsonParseException if the value was read to its end and something follows it
   */
  @Override
  public void close() throws IOException {
    try {
      JsonToken last = currentToken();
      if (last != null && getParsingContext().inRoot() && !last.isStructStart()) {
        JsonToken next = super.nextToken();
        if (next != null) {
          throw new JsonParseException(
              delegate,
              "Found %s after the end of the value, wanted one value a record"
                  .formatted(next.isScalarValue() ? getText() : "another value"));
        }
      }
    } finally {
      super.close();
    }
  }
}
