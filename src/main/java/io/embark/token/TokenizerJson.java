package io.embark.token;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.embark.UserError;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/** The parts of a {@code tokenizer.json} that the library does not tell, read as a stream. */
final class TokenizerJson {
  /** No such token: the tokenizer reads any text, for example by bytes. */
  static final long NONE = -1;

  private static final ObjectMapper JSON =
      new ObjectMapper(
          JsonFactory.builder()
              .streamReadConstraints(
                  StreamReadConstraints.builder().maxStringLength(Integer.MAX_VALUE).build())
              .build());

  /** Scalars by their place, such as {@code model.type}; nested ones in lists are left out. */
  private final Map<String, String> settings = new HashMap<>();

  /** Tokens found in texts before everything else. */
  final Map<String, Long> added = new HashMap<>();

  /** Of models that give words their ids in an object: WordPiece, WordLevel, BPE. */
  final Map<String, Long> vocabulary = new HashMap<>();

  /** Entries of a vocabulary that is a list, in which their places are their ids. */
  private int listed;

  private TokenizerJson() {}

  /**
   * @throws UserError if the file is not JSON, which the library can be blind to
   */
  static TokenizerJson read(Path tokenizerJson) throws IOException {
    TokenizerJson found = new TokenizerJson();
    try (JsonParser parser = JSON.createParser(tokenizerJson.toFile())) {
      if (parser.nextToken() == JsonToken.START_OBJECT) {
        found.readObject(parser, "");
      }
    } catch (JsonProcessingException e) {
      throw new UserError(
          "%s is not JSON that can be read: %s".formatted(tokenizerJson, e.getMessage()), e);
    }
    return found;
  }

  /** A scalar by its place, or null. */
  String setting(String place) {
    return settings.get(place);
  }

  /**
   * The id of the token put in place of what the vocabulary lacks: {@code unk_token} of WordPiece,
   * WordLevel and BPE models, {@code unk_id} of Unigram models; or {@link #NONE}.
   */
  long unknownId() {
    String token = setting("model.unk_token");
    if (token == null) {
      String id = setting("model.unk_id");
      return id == null ? NONE : Long.parseLong(id);
    }
    Long id = vocabulary.get(token);
    return id != null ? id : added.getOrDefault(token, NONE);
  }

  /** The largest id that a text can get; {@link #NONE} without any. */
  long largestId() {
    return LongStream.concat(
            LongStream.of(listed - 1),
            Stream.of(vocabulary, added)
                .flatMap(ids -> ids.values().stream())
                .mapToLong(Long::longValue))
        .max()
        .orElse(NONE);
  }

  private void readObject(JsonParser parser, String place) throws IOException {
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = place + parser.currentName();
      JsonToken value = parser.nextToken();
      if (name.equals("model.vocab") && value == JsonToken.START_OBJECT) {
        readVocabulary(parser);
      } else if (name.equals("model.vocab") && value == JsonToken.START_ARRAY) {
        for (listed = 0; parser.nextToken() != JsonToken.END_ARRAY; listed++) {
          parser.skipChildren();
        }
      } else if (name.equals("added_tokens") && value == JsonToken.START_ARRAY) {
        while (parser.nextToken() == JsonToken.START_OBJECT) {
          JsonNode token = parser.readValueAsTree();
          if (token.path("content").isTextual() && token.path("id").isIntegralNumber()) {
            added.put(token.get("content").textValue(), token.get("id").longValue());
          }
        }
      } else if (value == JsonToken.START_OBJECT) {
        readObject(parser, name + ".");
      } else if (value.isScalarValue() && value != JsonToken.VALUE_NULL) {
        settings.put(name, parser.getText());
      } else {
        parser.skipChildren();
      }
    }
  }

  private void readVocabulary(JsonParser parser) throws IOException {
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String word = parser.currentName();
      if (parser.nextToken() == JsonToken.VALUE_NUMBER_INT) {
        vocabulary.put(word, parser.getLongValue());
      } else {
        parser.skipChildren();
      }
    }
  }
}
