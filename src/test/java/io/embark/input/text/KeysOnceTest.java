package io.embark.input.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KeysOnceTest {
  private static final JsonFactory EXACT = new ExactJsonFactory(new JsonFactory());

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'a': 1, 'a': 2}",
        "{'a': 1, 'b': 2, 'c': 3, '\\u0061': 4}",
        "{'a': {'b': 1, 'c': [], 'b': 2}}",
        "[{'a': 1}, {'a': 1, 'a': 1}]",
        "{'a': [{}, {'x': {'y': 1}, 'x': 2}]}",
        "{'a': {'a': {'a': 1}}, 'b': [{'a': 1}], 'a': 1}",
        "{'': 1, '': 2}"
      })
  void aKeyThatOccursAgainIsRefused(String json) {
    for (boolean skipping : new boolean[] {false, true}) {
      assertThatThrownBy(() -> read(EXACT, json.replace('\'', '"'), skipping))
          .isInstanceOf(JsonParseException.class)
          .hasMessageStartingWith("Duplicate field '");
    }
  }

  @Test
  void refusesWhatJacksonRefuses() throws IOException {
    JsonFactory strict = new JsonFactory().enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION);
    Random random = new Random(5);
    int refused = 0;
    for (int i = 0; i < 3_000; i++) {
      // Few keys of many are mostly alike, many of very many mostly not.
      int names = random.nextBoolean() ? 30 : 4_000;
      StringBuilder json = new StringBuilder();
      object(json, random, names, 0);
      String expected = fault(strict, json.toString(), false);
      assertThat(fault(EXACT, json.toString(), false)).as("%s", json).isEqualTo(expected);
      assertThat(fault(EXACT, json.toString(), true)).as("%s", json).isEqualTo(expected);
      refused += expected.isEmpty() ? 0 : 1;
    }
    assertThat(refused).isBetween(500, 2_500);
  }

  /** With the square of their number this takes minutes. */
  @Test
  @Timeout(20)
  void manyKeysWithNestedValues() throws IOException {
    StringBuilder json = new StringBuilder("{");
    for (int i = 0; i < 200_000; i++) {
      json.append("\"k").append(i).append("\":[],");
    }
    assertThat(fault(EXACT, json + "\"last\":{}}", true)).isEmpty();
    assertThat(fault(EXACT, json + "\"k7\":{}}", true)).isEqualTo("Duplicate field 'k7'");
  }

  private static void object(StringBuilder json, Random random, int names, int depth) {
    int keys = random.nextInt(depth == 0 && random.nextInt(5) == 0 ? 60 : 6);
    json.append('{');
    for (int i = 0; i < keys; i++) {
      json.append(i == 0 ? "" : ",").append('"').append(random.nextInt(names)).append("\":");
      int kind = depth > 10 ? 0 : random.nextInt(6);
      if (kind == 1) {
        object(json, random, names, depth + 1);
      } else if (kind == 2) {
        json.append('[');
        object(json, random, names, depth + 1);
        json.append(",1]");
      } else {
        json.append(i);
      }
    }
    json.append('}');
  }

  private static String fault(JsonFactory factory, String json, boolean skipping)
      throws IOException {
    try {
      read(factory, json, skipping);
      return "";
    } catch (JsonParseException e) {
      return e.getOriginalMessage();
    }
  }

  /** As Spark reads: values of columns that nobody wants are skipped. */
  private static void read(JsonFactory factory, String json, boolean skipping) throws IOException {
    byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
    try (JsonParser parser = factory.createParser(bytes, 0, bytes.length)) {
      JsonToken token = parser.nextToken();
      while (token != null) {
        if (skipping && token == JsonToken.FIELD_NAME) {
          parser.nextToken();
          parser.skipChildren();
        }
        token = parser.nextToken();
      }
    }
  }
}
