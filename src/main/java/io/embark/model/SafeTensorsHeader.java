package io.embark.model;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import io.embark.UserError;
import java.io.ByteArrayInputStream;
import java.io.CharConversionException;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The JSON header of a safetensors file, read as a stream: what it may hold is little, and anything
 * else is refused. Whether the tensors lie in the file as they say is for {@link SafeTensors}.
 */
final class SafeTensorsHeader {
  private static final String METADATA = "__metadata__";
  private static final int MOST_DIMENSIONS = 32;

  private static final JsonFactory JSON =
      JsonFactory.builder()
          // Names are many and each comes once: a table of them only costs.
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .streamReadConstraints(
              StreamReadConstraints.builder().maxStringLength(Integer.MAX_VALUE).build())
          .build();

  /**
   * A tensor as the header has it, unchecked but for what JSON says.
   *
   * @param begin first byte of its values, counted from the header's end
   * @param end the byte behind its values
   */
  record Entry(TensorType type, List<Long> shape, long begin, long end) {}

  private final Path file;
  private final JsonParser parser;

  private SafeTensorsHeader(Path file, JsonParser parser) {
    this.file = file;
    this.parser = parser;
  }

  /**
   * @param header the bytes between length and values
   * @throws UserError if they are no header
   */
  static Map<String, Entry> read(Path file, byte[] header) throws IOException {
    try (Reader text =
            new InputStreamReader(
                new ByteArrayInputStream(header), StandardCharsets.UTF_8.newDecoder());
        JsonParser parser = JSON.createParser(text)) {
      return new SafeTensorsHeader(file, parser).entries();
    } catch (JsonProcessingException e) {
      throw new UserError(
          "%s has a header that is not JSON: %s; wanted is a safetensors file."
              .formatted(file, e.getOriginalMessage()),
          e);
    } catch (CharacterCodingException | CharConversionException e) {
      throw new UserError(
          "%s has a header that is not UTF-8; wanted is a safetensors file.".formatted(file), e);
    }
  }

  private Map<String, Entry> entries() throws IOException {
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      throw refuse("its header", "is " + found() + ", wanted is an object");
    }
    Map<String, Entry> entries = new LinkedHashMap<>();
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = parser.currentName();
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw refuse("'" + name + "'", "is " + found() + ", wanted is an object");
      }
      if (name.equals(METADATA)) {
        parser.skipChildren();
      } else {
        entries.put(name, entry(name));
      }
    }
    if (parser.nextToken() != null) {
      throw refuse("its header", "goes on behind its object with " + found());
    }
    return entries;
  }

  private Entry entry(String name) throws IOException {
    TensorType type = null;
    List<Long> shape = null;
    List<Long> offsets = null;
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String key = parser.currentName();
      parser.nextToken();
      switch (key) {
        case "dtype" -> type = type(name);
        case "shape" -> shape = numbers(name, key);
        case "data_offsets" -> offsets = numbers(name, key);
        default ->
            throw refuse(
                tensor(name),
                "has the unknown key '%s'; known are dtype, shape and data_offsets".formatted(key));
      }
    }
    if (type == null || shape == null || offsets == null) {
      throw refuse(tensor(name), "lacks one of dtype, shape and data_offsets");
    }
    if (offsets.size() != 2) {
      throw refuse(
          tensor(name), "has %d data_offsets, wanted are begin and end".formatted(offsets.size()));
    }
    return new Entry(type, shape, offsets.get(0), offsets.get(1));
  }

  private TensorType type(String name) throws IOException {
    if (parser.currentToken() != JsonToken.VALUE_STRING) {
      throw refuse(tensor(name), "has a dtype that is " + found() + ", wanted is a name");
    }
    String dtype = parser.getText();
    return TensorType.of(dtype)
        .orElseThrow(
            () ->
                refuse(
                    tensor(name),
                    "has the unknown dtype '%s'; those that can be read are %s"
                        .formatted(shortened(dtype), TensorType.READABLE)));
  }

  /** Whole numbers from 0 up. */
  private List<Long> numbers(String name, String key) throws IOException {
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      throw refuse(tensor(name), "has a " + key + " that is " + found() + ", wanted is a list");
    }
    List<Long> numbers = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      boolean whole =
          parser.currentToken() == JsonToken.VALUE_NUMBER_INT
              && parser.getNumberType() != JsonParser.NumberType.BIG_INTEGER;
      if (!whole || parser.getLongValue() < 0) {
        throw refuse(
            tensor(name),
            "has %s in its %s, wanted are whole numbers from 0 to 2^63 - 1"
                .formatted(found(), key));
      }
      numbers.add(parser.getLongValue());
      if (numbers.size() > MOST_DIMENSIONS) {
        throw refuse(
            tensor(name), "has more than %d numbers in its %s".formatted(MOST_DIMENSIONS, key));
      }
    }
    return List.copyOf(numbers);
  }

  private String found() throws IOException {
    return parser.currentToken() == null ? "empty" : shortened(parser.getText());
  }

  private static String tensor(String name) {
    return "tensor '" + shortened(name) + "'";
  }

  private static String shortened(String text) {
    return text.length() > 100 ? text.substring(0, 100) + ".." : text;
  }

  private UserError refuse(String what, String why) {
    return new UserError("%s: %s %s. Fetch or save the file again.".formatted(file, what, why));
  }
}
