package io.embark.input.text;

import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.util.JsonParserDelegate;
import java.io.IOException;

/** A parser that wants nothing behind the value once that has been read. */
final class OneValueParser extends JsonParserDelegate {
  OneValueParser(JsonParser parser) {
    super(parser);
  }

  /**
   * @throws JsonParseException if the value was read to its end and something follows it
   */
  @Override
  public void close() throws IOException {
    try {
      JsonToken last = currentToken();
      if (last != null && getParsingContext().inRoot() && !last.isStructStart()) {
        JsonToken next = nextToken();
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
