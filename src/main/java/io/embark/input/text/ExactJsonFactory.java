package io.embark.input.text;

import com.fasterxml.jackson.core.JsonEncoding;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.util.JsonGeneratorDelegate;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.Reader;

/**
 * Reads JSON as it stands in the file. Spark's readers leave a record after its first value, take
 * the last of two equal keys, and write numbers that become text anew, as doubles; here what
 * follows the value and keys that occur twice are errors, and numbers keep their digits.
 */
final class ExactJsonFactory extends JsonFactory {
  private static final long serialVersionUID = 1;

  /** With the features and limits of another. */
  ExactJsonFactory(JsonFactory like) {
    super(like, null);
  }

  @Override
  public JsonParser createParser(byte[] bytes, int from, int length) throws IOException {
    return new OneValueParser(super.createParser(bytes, from, length));
  }

  @Override
  public JsonParser createParser(Reader reader) throws IOException {
    return new OneValueParser(super.createParser(reader));
  }

  @Override
  public JsonParser createParser(InputStream in) throws IOException {
    return new OneValueParser(super.createParser(in));
  }

  /** What Spark copies a value with that is to be text. */
  @Override
  public JsonGenerator createGenerator(OutputStream out, JsonEncoding encoding) throws IOException {
    return new ExactCopy(super.createGenerator(out, encoding));
  }

  /** Copies numbers digit by digit. */
  private static final class ExactCopy extends JsonGeneratorDelegate {
    ExactCopy(JsonGenerator to) {
      super(to, false);
    }

    @Override
    public void copyCurrentStructure(JsonParser from) throws IOException {
      int depth = 0;
      do {
        if (from.currentToken().isNumeric()) {
          // As a value: Jackson puts commas and colons before it.
          writeRawValue(from.getText());
        } else if (from.currentToken() == JsonToken.VALUE_STRING) {
          // As the parser gives it, with whole characters.
          writeString(from.getText());
        } else {
          copyCurrentEvent(from);
        }
        depth += from.currentToken().isStructStart() ? 1 : 0;
        depth -= from.currentToken().isStructEnd() ? 1 : 0;
      } while (depth > 0 && from.nextToken() != null);
    }
  }
}
