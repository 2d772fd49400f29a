package io.embark.embed;

import io.embark.token.Tokens;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * Some rows of a stream: read, then tokenised, then with vectors. They leave in the order they
 * came; equal texts go to the model once.
 */
final class RowBuffer<T> {
  private final List<T> rows = new ArrayList<>();

  /** The texts of all rows one after the other; let go of once they are tokenised. */
  private List<String> texts = new ArrayList<>();

  /** The texts of row i end where those of the next one begin. */
  private int[] ends = new int[64];

  /** One per text; null for a text that an earlier one equals. */
  private Embedding[] embeddings;

  /** For each text the first one that is equal, as a rule itself. */
  private int[] firstEqual;

  /** For each text how often its embedding is still to be handed out. */
  private int[] uses;

  private int repeated;
  private List<Tokens> tokens;
  private int[] placeOfTokens;
  private int next;

  private RowBuffer() {}

  /**
   * Reads rows, at least one if there is one, until there are {@code maxRows} of them or of texts,
   * or {@code maxChars} characters.
   */
  static <T> RowBuffer<T> read(
      Iterator<T> source, Function<T, List<String>> textsOf, int maxRows, long maxChars) {
    RowBuffer<T> buffer = new RowBuffer<>();
    long chars = 0;
    while (chars < maxChars
        && Math.max(buffer.rows.size(), buffer.texts.size()) < maxRows
        && source.hasNext()) {
      T row = source.next();
      for (String text : textsOf.apply(row)) {
        buffer.texts.add(text);
        chars += text == null ? 0 : text.length();
      }
      buffer.add(row);
    }
    return buffer;
  }

  private void add(T row) {
    if (rows.size() == ends.length) {
      ends = Arrays.copyOf(ends, 2 * ends.length);
    }
    ends[rows.size()] = texts.size();
    rows.add(row);
  }

  /**
   * Tokenises, and settles the texts that have no vector. What runs between texts may throw to
   * stop.
   */
  void tokenize(PromptTokenizer tokenizer, Runnable betweenTexts) {
    embeddings = new Embedding[texts.size()];
    placeOfTokens = new int[texts.size()];
    firstEqual = new int[texts.size()];
    uses = new int[texts.size()];
    tokens = new ArrayList<>(texts.size());
    Map<String, Integer> seen = new HashMap<>();
    for (int i = 0; i < embeddings.length; i++) {
      betweenTexts.run();
      String text = texts.get(i);
      Integer before = text == null ? null : seen.putIfAbsent(text, i);
      firstEqual[i] = before == null ? i : before;
      uses[firstEqual[i]]++;
      if (before != null) {
        repeated += embeddings[before] == null ? 1 : 0;
        continue;
      }
      if (text == null) {
        embeddings[i] = Embedding.OF_NULL;
        continue;
      }
      Tokens found = tokenizer.tokenize(text);
      if (tokenizer.isBlank(text, found)) {
        embeddings[i] =
            Embedding.without(found, tokenizer.unknownTokenRatio(found), Status.BLANK_TEXT, null);
      } else {
        placeOfTokens[tokens.size()] = i;
        tokens.add(found);
      }
    }
    texts = null;
  }

  /** Number of texts that do not go to the model because an equal one does. */
  int repeated() {
    return repeated;
  }

  /** The texts that go to the model. */
  List<Tokens> tokens() {
    return tokens;
  }

  int size() {
    return rows.size();
  }

  /** Takes the embeddings of {@link #tokens()}, in their order. */
  void put(Embedding[] made) {
    for (int i = 0; i < made.length; i++) {
      embeddings[placeOfTokens[i]] = made[i];
    }
    tokens = null;
    placeOfTokens = null;
  }

  boolean hasNext() {
    return next < rows.size();
  }

  /** The next row and its embeddings, both of which the buffer then forgets. */
  <R> R next(BiFunction<T, List<Embedding>, R> result) {
    int begin = next == 0 ? 0 : ends[next - 1];
    Embedding[] own = new Embedding[ends[next] - begin];
    for (int i = 0; i < own.length; i++) {
      own[i] = take(firstEqual[begin + i]);
    }
    T row = rows.set(next++, null);
    return result.apply(row, Arrays.asList(own));
  }

  /** Rows do not share arrays: the last one gets the original, others copies. */
  private Embedding take(int text) {
    Embedding embedding = embeddings[text];
    if (--uses[text] > 0) {
      return embedding.copy();
    }
    embeddings[text] = null;
    return embedding;
  }
}
