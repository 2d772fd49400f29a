package io.embark.token;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * Finds the token that a {@code tokenizer.json} puts in place of what its vocabulary lacks: {@code
 * unk_token} of WordPiece, WordLevel and BPE models, {@code unk_id} of Unigram models. The library
 * does not tell. The file is read as a stream, as vocabularies have hundreds of thousands of words.
 */
final class UnknownToken {
  /** No such token: the tokenizer reads any text, for example by bytes. */
  static final long NONE = -1;

  private static final JsonFactory JSON =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder().maxStringLength(Integer.MAX_VALUE).build())
          .build();

  private final Map<String, Long> added = new HashMap<>();
  private final Map<String, Long> vocabulary = new HashMap<>();
  private String token;
  private long id = NONE;

  private UnknownToken() {}

  /**
   * Its id, or {@link #NONE}.
   *
   * @throws IllegalArgumentException if the file is not JSON, which the library can be blind to
   */
  static long id(Path tokenizerJson) throws IOException {
    UnknownToken found = new UnknownToken();
    try (JsonParser parser = JSON.createParser(tokenizerJson.toFile())) {
      found.readFile(parser);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          "%s is not JSON that can be read: %s".formatted(tokenizerJson, e.getMessage()), e);
    }
    if (found.token == null) {
      return found.id;
    }
    Long id = found.vocabulary.get(found.token);
    return id != null ? id : found.added.getOrDefault(found.token, NONE);
  }

  private void readFile(JsonParser parser) throws IOException {
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      return;
    }
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = parser.currentName();
      JsonToken value = parser.nextToken();
      if (name.equals("model") && value == JsonToken.START_OBJECT) {
        readModel(parser);
      } else if (name.equals("added_tokens") && value == JsonToken.START_ARRAY) {
        while (parser.nextToken() == JsonToken.START_OBJECT) {
          readAdded(parser);
        }
      } else {
        parser.skipChildren();
      }
    }
  }

  private void readModel(JsonParser parser) throws IOException {
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = parser.currentName();
      JsonToken value = parser.nextToken();
      if (name.equals("unk_token") && value == JsonToken.VALUE_STRING) {
        token = parser.getText();
      } else if (name.equals("unk_id") && value == JsonToken.VALUE_NUMBER_INT) {
        id = parser.getLongValue();
      } else if (name.equals("vocab") && value == JsonToken.START_OBJECT) {
        readVocabulary(parser);
      } else {
        parser.skipChildren();
      }
    }
  }

  /** Keeps the word in question, or all of them as long as it is not known which that is. */
  private void readVocabulary(JsonParser parser) throws IOException {
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String word = parser.currentName();
      JsonToken value = parser.nextToken();
      if (value == JsonToken.VALUE_NUMBER_INT && (token == null || token.equals(word))) {
        vocabulary.put(word, parser.getLongValue());
      } else {
        parser.skipChildren();
      }
    }
  }

  private void readAdded(JsonParser parser) throws IOException {
    String content = null;
    Long number = null;
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = parser.currentName();
      JsonToken value = parser.nextToken();
      if (name.equals("content") && value == JsonToken.VALUE_STRING) {
        content = parser.getText();
      } else if (name.equals("id") && value == JsonToken.VALUE_NUMBER_INT) {
        number = parser.getLongValue();
      } else {
        parser.skipChildren();
      }
    }
    if (content != null && number != null) {
      added.put(content, number);
    }
  }
}
