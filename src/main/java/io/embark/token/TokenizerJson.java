package io.embark.token;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.embark.UserError;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/** The parts of a {@code tokenizer.json} that the library does not tell, read as a stream. */
final class TokenizerJson {
  /** No such token: the tokenizer reads any text, for example by bytes. */
  static final long NONE = -1;

  /**
   * The keys of a vocabulary are all different: to look each up among those read before is slow.
   */
  private static final ObjectMapper JSON =
      new ObjectMapper(
          JsonFactory.builder()
              .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
              .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
              .streamReadConstraints(
                  StreamReadConstraints.builder().maxStringLength(Integer.MAX_VALUE).build())
              .build());

  /** Scalars by their place, such as {@code model.type}; nested ones in lists are left out. */
  private final Map<String, String> settings = new HashMap<>();

  /** Tokens found in texts before everything else. */
  final Map<String, Long> added = new HashMap<>();

  /** The same, as they stand in the file. */
  final List<ObjectNode> addedTokens = new ArrayList<>();

  /** Words and their ids; of Unigram models their places in the list. */
  final Map<String, Long> vocabulary = new HashMap<>();

  /** Words of a Unigram model whose score is 0. */
  final Set<String> unscored = new HashSet<>();

  /** Entries of a vocabulary that is a list, in which their places are their ids. */
  private int listed;

  /** The rules that texts go through before all others; null for none. */
  JsonNode normalizer;

  /** The rules that cut texts into words; null for none. */
  JsonNode preTokenizer;

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
      throw notJson(tokenizerJson, e);
    }
    return found;
  }

  /**
   * The type of the first rule that cuts texts into words, read without what comes behind them;
   * empty for none.
   */
  static String preTokenizer(Path tokenizerJson) throws IOException {
    JsonNode rules = part(tokenizerJson, "pre_tokenizer");
    JsonNode first = rules.path("pretokenizers").path(0);
    return (first.isMissingNode() ? rules : first).path("type").asText();
  }

  /**
   * The most tokens that the file asks to keep of a text, its first ones; empty for all.
   *
   * @throws UserError if it asks to keep the last ones, or for no number
   */
  static Optional<Integer> truncation(Path tokenizerJson) throws IOException {
    JsonNode cut = part(tokenizerJson, "truncation");
    if (cut.isMissingNode() || cut.isNull()) {
      return Optional.empty();
    }
    TokenizerConfig.requireSide(
        Optional.of(cut.path("direction").asText("right").toLowerCase(Locale.ROOT)), tokenizerJson);
    if (!cut.path("max_length").isInt() || cut.path("max_length").intValue() < 1) {
      throw new UserError(
          "%s: 'truncation.max_length' is %s; wanted is a whole number from 1 up."
              .formatted(tokenizerJson, cut.path("max_length")));
    }
    return Optional.of(cut.path("max_length").intValue());
  }

  /**
   * Whatever length the file asks for, transformers cuts texts on the side that it says.
   *
   * @throws UserError if that is the beginning
   */
  static void requireCutAtTheEnd(Path tokenizerJson) throws IOException {
    JsonNode cut = part(tokenizerJson, "truncation");
    if (!cut.path("direction").asText("right").equalsIgnoreCase("right")) {
      throw new UserError(
          ("%s: 'truncation.direction' is %s; Embark cuts long texts at their end (Right) only. If no"
                  + " text is longer than the model takes, or their beginnings are what matters, set"
                  + " it to Right, or \"truncation_side\": \"right\" in %s; or cut the texts yourself.")
              .formatted(tokenizerJson, cut.path("direction"), TokenizerFiles.CONFIG));
    }
  }

  /** A part of the file, read without what comes behind it; a missing node if it is not there. */
  private static JsonNode part(Path tokenizerJson, String wanted) throws IOException {
    try (JsonParser parser = JSON.createParser(tokenizerJson.toFile())) {
      if (parser.nextToken() == JsonToken.START_OBJECT) {
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
          String name = parser.currentName();
          parser.nextToken();
          if (name.equals(wanted)) {
            return parser.readValueAsTree();
          }
          parser.skipChildren();
        }
      }
      return MissingNode.getInstance();
    } catch (JsonProcessingException e) {
      throw notJson(tokenizerJson, e);
    }
  }

  /** The file with some of its parts replaced, as JSON. */
  static byte[] with(Path tokenizerJson, JsonNode parts) throws IOException {
    ObjectNode whole = (ObjectNode) JSON.readTree(tokenizerJson.toFile());
    parts.fields().forEachRemaining(part -> whole.set(part.getKey(), part.getValue()));
    return JSON.writeValueAsBytes(whole);
  }

  private static UserError notJson(Path tokenizerJson, JsonProcessingException e) {
    return new UserError(
        "%s is not JSON that can be read: %s".formatted(tokenizerJson, e.getMessage()), e);
  }

  /** Reads a file of which some parts are to be others. */
  static TokenizerJson read(Path tokenizerJson, JsonNode parts) throws IOException {
    TokenizerJson found = read(tokenizerJson);
    if (parts.has("normalizer")) {
      found.settings.keySet().removeIf(place -> place.startsWith("normalizer."));
      found.take("normalizer", parts.get("normalizer"));
    }
    if (parts.has("pre_tokenizer")) {
      found.settings.keySet().removeIf(place -> place.startsWith("pre_tokenizer."));
      found.take("pre_tokenizer", parts.get("pre_tokenizer"));
    }
    if (parts.has("added_tokens")) {
      found.added.clear();
      found.addedTokens.clear();
      parts.get("added_tokens").forEach(found::add);
    }
    return found;
  }

  /**
   * The first map of characters among the normalizer's rules, as transformers takes it; or null.
   */
  JsonNode precompiled() {
    for (ObjectNode rule : TokenizerRules.of(normalizer).rules()) {
      if (rule.path("type").asText().equals("Precompiled") && rule.has("precompiled_charsmap")) {
        return rule;
      }
    }
    return null;
  }

  /** Takes one of the small parts: as a whole, and its scalars by their places. */
  private void take(String name, JsonNode part) {
    if (name.equals("normalizer")) {
      normalizer = part;
    } else {
      preTokenizer = part;
    }
    flatten(name, part);
  }

  private void flatten(String place, JsonNode part) {
    part.fields()
        .forEachRemaining(
            field -> {
              String name = place + "." + field.getKey();
              if (field.getValue().isObject()) {
                flatten(name, field.getValue());
              } else if (field.getValue().isValueNode() && !field.getValue().isNull()) {
                settings.put(name, field.getValue().asText());
              }
            });
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
        readPieces(parser);
      } else if (name.equals("added_tokens") && value == JsonToken.START_ARRAY) {
        while (parser.nextToken() == JsonToken.START_OBJECT) {
          add(parser.readValueAsTree());
        }
      } else if (value == JsonToken.START_OBJECT
          && (name.equals("normalizer") || name.equals("pre_tokenizer"))) {
        take(name, parser.readValueAsTree());
      } else if (value == JsonToken.START_OBJECT) {
        readObject(parser, name + ".");
      } else if (value.isScalarValue() && value != JsonToken.VALUE_NULL) {
        settings.put(name, parser.getText());
      } else {
        parser.skipChildren();
      }
    }
  }

  private void add(JsonNode token) {
    if (token.path("content").isTextual() && token.path("id").isIntegralNumber()) {
      added.put(token.get("content").textValue(), token.get("id").longValue());
      addedTokens.add((ObjectNode) token);
    }
  }

  /** Pairs of a piece and its score; what is none is left to the library. */
  private void readPieces(JsonParser parser) throws IOException {
    for (listed = 0; parser.nextToken() != JsonToken.END_ARRAY; listed++) {
      if (parser.currentToken() != JsonToken.START_ARRAY) {
        parser.skipChildren();
        continue;
      }
      if (parser.nextToken() == JsonToken.VALUE_STRING) {
        String piece = parser.getText();
        vocabulary.putIfAbsent(piece, (long) listed);
        if (parser.nextToken().isNumeric() && parser.getDoubleValue() == 0) {
          unscored.add(piece);
        }
      }
      while (parser.currentToken() != JsonToken.END_ARRAY) {
        parser.skipChildren();
        parser.nextToken();
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
