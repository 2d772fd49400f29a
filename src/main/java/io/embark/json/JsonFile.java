package io.embark.json;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.embark.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * An object in a JSON file of a model. A value of another type than is asked for, or out of range,
 * is a {@link UserError} that names file and key: taking it for absent would give other vectors
 * than its author meant.
 */
public final class JsonFile {
  /** Python writes NaN and Infinity, which JSON has not. */
  private static final ObjectMapper MAPPER =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .build();

  private static final int SHOWN = 80;

  private final String file;
  private final String place;
  private final JsonNode contents;

  private JsonFile(String file, String place, JsonNode contents) {
    this.file = file;
    this.place = place;
    this.contents = contents;
  }

  /**
   * Reads an object; a file that is not there reads as an empty one.
   *
   * @throws UserError if the file is there but is no JSON, or holds something else
   */
  public static JsonFile object(Path file) throws IOException {
    JsonFile read =
        Files.isRegularFile(file)
            ? read(Files.readAllBytes(file), file.toString())
            : new JsonFile(file.toString(), "", JsonNodeFactory.instance.objectNode());
    if (!read.contents.isObject()) {
      throw read.wrong("an object {..}");
    }
    return read;
  }

  /**
   * Reads a list of objects; a file that is not there reads as an empty one.
   *
   * @throws UserError if the file is there but is no JSON, or holds something else
   */
  public static List<JsonFile> list(Path file) throws IOException {
    return Files.isRegularFile(file) ? list(Files.readAllBytes(file), file.toString()) : List.of();
  }

  /**
   * Reads a list of objects from a file's bytes.
   *
   * @param file for messages
   * @throws UserError if they are no JSON, or hold something else
   */
  public static List<JsonFile> list(byte[] bytes, String file) throws IOException {
    JsonFile read = read(bytes, file);
    if (!read.contents.isArray()) {
      throw read.wrong("a list [..]");
    }
    List<JsonFile> elements = new ArrayList<>();
    for (JsonNode element : read.contents) {
      JsonFile entry = new JsonFile(file, "[" + elements.size() + "]", element);
      if (!element.isObject()) {
        throw entry.wrong("an object {..}");
      }
      elements.add(entry);
    }
    return elements;
  }

  private static JsonFile read(byte[] bytes, String file) throws IOException {
    try {
      JsonNode contents = MAPPER.readTree(bytes);
      if (contents.isMissingNode()) {
        throw new UserError("%s is empty; wanted is JSON.".formatted(file));
      }
      return new JsonFile(file, "", contents);
    } catch (JsonProcessingException e) {
      throw new UserError("%s is not valid JSON: %s".formatted(file, e.getOriginalMessage()), e);
    }
  }

  /** Whether nothing stands in it, or there is no such file. */
  public boolean isEmpty() {
    return contents.isEmpty();
  }

  public boolean has(String key) {
    return contents.has(key);
  }

  /** Whether there is a value, and it is not null. */
  public boolean isSet(String key) {
    return contents.hasNonNull(key);
  }

  public Set<String> keys() {
    Set<String> keys = new LinkedHashSet<>();
    contents.fieldNames().forEachRemaining(keys::add);
    return keys;
  }

  /** A copy of all that stands in it. */
  public ObjectNode copy() {
    return contents.deepCopy();
  }

  /** A text; empty if the key is not there. */
  public Optional<String> text(String key) {
    return value(key, JsonNode::isTextual, "a text").map(JsonNode::textValue);
  }

  /** True or false; empty if the key is not there. */
  public Optional<Boolean> flag(String key) {
    return value(key, JsonNode::isBoolean, "true or false").map(JsonNode::booleanValue);
  }

  /** A whole number from {@code least} to {@code most}; empty if the key is not there. */
  public Optional<Integer> number(String key, int least, int most) {
    return value(
            key,
            node ->
                node.isIntegralNumber()
                    && node.canConvertToInt()
                    && node.intValue() >= least
                    && node.intValue() <= most,
            "a whole number from %d to %d".formatted(least, most))
        .map(JsonNode::intValue);
  }

  /** A number of any size, whole or not; empty if the key is not there. */
  public Optional<Double> anyNumber(String key) {
    return value(key, JsonNode::isNumber, "a number").map(JsonNode::doubleValue);
  }

  /** An object within this one; an empty one if the key is not there. */
  public JsonFile within(String key) {
    return value(key, JsonNode::isObject, "an object {..}")
        .map(node -> new JsonFile(file, path(key), node))
        .orElseGet(() -> new JsonFile(file, path(key), JsonNodeFactory.instance.objectNode()));
  }

  /** A text, or a list of texts; empty if the key is not there. */
  public Optional<List<String>> texts(String key) {
    return value(
            key,
            node ->
                node.isTextual()
                    || node.isArray() && !node.isEmpty() && all(node, JsonNode::isTextual),
            "a text or a list of texts")
        .map(
            node -> {
              List<String> texts = new ArrayList<>();
              if (node.isTextual()) {
                texts.add(node.textValue());
              }
              node.forEach(element -> texts.add(element.textValue()));
              return texts;
            });
  }

  /** The value as JSON, on one line; empty if the key is not there or null. */
  public Optional<String> json(String key) {
    return isSet(key) ? Optional.of(contents.get(key).toString()) : Optional.empty();
  }

  private interface Kind {
    boolean holds(JsonNode node);
  }

  private static boolean all(JsonNode list, Kind kind) {
    for (JsonNode element : list) {
      if (!kind.holds(element)) {
        return false;
      }
    }
    return true;
  }

  private Optional<JsonNode> value(String key, Kind kind, String wanted) {
    JsonNode found = contents.get(key);
    if (found == null) {
      return Optional.empty();
    }
    if (!kind.holds(found)) {
      throw wrong(key, wanted);
    }
    return Optional.of(found);
  }

  /**
   * Takes null for absent, where the file's author may have written so.
   *
   * @param keys all that may be null
   */
  public JsonFile withoutNulls(String... keys) {
    JsonNode copy = contents.deepCopy();
    for (String key : keys) {
      if (copy.path(key).isNull()) {
        ((ObjectNode) copy).remove(key);
      }
    }
    return new JsonFile(file, place, copy);
  }

  /**
   * Refuses keys that nobody here knows: they may change the vectors.
   *
   * @throws UserError naming the first and all that are known
   */
  public JsonFile requireKnown(String... known) {
    List<String> names = Arrays.asList(known);
    for (String key : keys()) {
      if (!names.contains(key)) {
        throw new UserError(
            ("%s: key '%s' (%s) is none that Embark knows, and it may change the vectors; known are"
                    + " %s. If it changes nothing for this model, remove it.")
                .formatted(
                    file,
                    path(key),
                    shown(contents.get(key)),
                    names.stream().sorted().collect(Collectors.joining(", "))));
      }
    }
    return this;
  }

  /** The value of a key that must be there. */
  public <T> T require(String key, Optional<T> value) {
    return value.orElseThrow(
        () -> new UserError("%s has no key '%s', which is needed.".formatted(file, path(key))));
  }

  /** An error about the value of a key. */
  public UserError wrong(String key, String wanted) {
    return new UserError(
        "%s: '%s' is %s; wanted is %s."
            .formatted(file, path(key), shown(contents.path(key)), wanted));
  }

  private UserError wrong(String wanted) {
    String where = place.isEmpty() ? file : file + ": " + place;
    return new UserError("%s is %s; wanted is %s.".formatted(where, shown(contents), wanted));
  }

  private String path(String key) {
    return place.isEmpty() ? key : place + "." + key;
  }

  private static String shown(JsonNode node) {
    if (node.isMissingNode()) {
      return "missing";
    }
    String text = node.toString();
    return text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "..";
  }
}
