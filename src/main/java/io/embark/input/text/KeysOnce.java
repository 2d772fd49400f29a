package io.embark.input.text;

import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Holds the objects of one record to keys that occur once each. Jackson's own check makes a set for
 * every object of three keys, which was a fortieth of an embed job over short lines.
 */
final class KeysOnce {
  /** Up to so many keys are compared one by one. */
  private static final int FEW = 16;

  private final JsonParser parser;

  /** The keys so far of the objects that are open, those of inner ones behind those of outer. */
  private String[] keys = new String[FEW];

  private int count;

  /** Where the keys of each open structure begin. */
  private int[] begins = new int[8];

  /** The keys of each open structure that has many, else null. */
  private final List<Set<String>> many = new ArrayList<>();

  KeysOnce(JsonParser parser) {
    this.parser = parser;
  }

  /**
   * Takes the next token of the parser, none left out.
   *
   * @throws JsonParseException if it is a key that its object has had
   */
  void next(JsonToken token) throws JsonParseException {
    if (token == JsonToken.FIELD_NAME) {
      add(OneValueParser.whole(parser.getParsingContext().getCurrentName()));
    } else if (token.isStructStart()) {
      int level = many.size();
      if (level == begins.length) {
        begins = Arrays.copyOf(begins, 2 * level);
      }
      begins[level] = count;
      many.add(null);
    } else if (token.isStructEnd()) {
      int level = many.size() - 1;
      many.remove(level);
      Arrays.fill(keys, begins[level], count, null);
      count = begins[level];
    }
  }

  private void add(String key) throws JsonParseException {
    int level = many.size() - 1;
    int begin = begins[level];
    boolean had = false;
    if (count - begin < FEW) {
      for (int i = begin; i < count && !had; i++) {
        had = keys[i].equals(key);
      }
    } else {
      Set<String> set = many.get(level);
      if (set == null) {
        set = new HashSet<>(Arrays.asList(keys).subList(begin, count));
        many.set(level, set);
      }
      had = !set.add(key);
    }
    if (had) {
      throw new JsonParseException(parser, "Duplicate field '%s'".formatted(key));
    }
    if (count == keys.length) {
      keys = Arrays.copyOf(keys, 2 * count);
    }
    keys[count++] = key;
  }
}
