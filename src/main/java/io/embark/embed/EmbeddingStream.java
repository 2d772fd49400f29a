package io.embark.embed;

import io.embark.onnx.Cancellation;
import io.embark.token.Tokens;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * Embeds a stream of any length in constant memory: reads ahead into a bounded buffer, embeds the
 * buffer, hands its items on in the order they came. Every item comes out exactly once, each of its
 * texts with a vector or with the reason why it has none.
 *
 * @param <T> what comes in, a row that holds texts
 * @param <R> what goes out
 */
public final class EmbeddingStream<T, R> implements Iterator<R> {
  private final Embedder embedder;
  private final Iterator<T> items;
  private final Function<T, List<String>> textsOf;
  private final BiFunction<T, List<Embedding>, R> result;
  private final EmbeddingStats stats;
  private final int bufferRows;
  private final int bufferChars;
  private Iterator<R> ready = List.<R>of().iterator();

  /**
   * A stream of items with one text each.
   *
   * @param textOf the text of an item; may give null
   * @param result joins an item and its embedding
   */
  public EmbeddingStream(
      Embedder embedder,
      Iterator<T> items,
      Function<T, String> textOf,
      BiFunction<T, Embedding, R> result,
      EmbeddingStats stats) {
    this(
        stats,
        embedder,
        items,
        item -> Collections.singletonList(textOf.apply(item)),
        (item, embeddings) -> result.apply(item, embeddings.get(0)));
  }

  private EmbeddingStream(
      EmbeddingStats stats,
      Embedder embedder,
      Iterator<T> items,
      Function<T, List<String>> textsOf,
      BiFunction<T, List<Embedding>, R> result) {
    this.embedder = embedder;
    this.items = items;
    this.textsOf = textsOf;
    this.result = result;
    this.stats = stats;
    this.bufferRows = embedder.config().get(Setting.BUFFER_ROWS);
    this.bufferChars = embedder.config().get(Setting.BUFFER_CHARS);
  }

  /**
   * A stream of items with any number of texts each; they share batches.
   *
   * @param textsOf the texts of an item, none of them, or nulls among them
   * @param result joins an item and its embeddings, one per text and in their order; it may keep
   *     the list
   */
  public static <T, R> EmbeddingStream<T, R> ofSeveralTexts(
      Embedder embedder,
      Iterator<T> items,
      Function<T, List<String>> textsOf,
      BiFunction<T, List<Embedding>, R> result,
      EmbeddingStats stats) {
    return new EmbeddingStream<>(stats, embedder, items, textsOf, result);
  }

  @Override
  public boolean hasNext() {
    if (!ready.hasNext() && items.hasNext()) {
      ready = embedBuffer();
    }
    return ready.hasNext();
  }

  @Override
  public R next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    return ready.next();
  }

  private Iterator<R> embedBuffer() {
    List<T> buffer = new ArrayList<>();
    // The texts of all items in one row; those of item i end where the next item's begin.
    List<Integer> ends = new ArrayList<>();
    List<Embedding> embeddings = new ArrayList<>();
    List<Tokens> texts = new ArrayList<>();
    List<Integer> placeOfText = new ArrayList<>();
    long chars = 0;
    long start = System.nanoTime();
    while (items.hasNext()
        && Math.max(buffer.size(), embeddings.size()) < bufferRows
        && chars < bufferChars) {
      T item = items.next();
      buffer.add(item);
      for (String text : textsOf.apply(item)) {
        if (text == null) {
          embeddings.add(Embedding.OF_NULL);
          continue;
        }
        chars += text.length();
        // Only the ids are kept: the text itself is let go of with its item.
        Tokens tokens = embedder.tokenize(text);
        if (BlankText.isBlank(text) || embedder.isEmpty(text, tokens)) {
          embeddings.add(Embedding.ofBlank(tokens));
        } else {
          placeOfText.add(embeddings.size());
          texts.add(tokens);
          embeddings.add(null);
        }
      }
      ends.add(embeddings.size());
    }
    stats.tokenized(texts.size(), System.nanoTime() - start);
    Encoded[] encoded = embedder.encode(texts, stats, new Cancellation());
    for (int i = 0; i < encoded.length; i++) {
      embeddings.set(placeOfText.get(i), Embedding.of(texts.get(i), encoded[i]));
    }
    List<R> results = new ArrayList<>(buffer.size());
    int begin = 0;
    for (int row = 0; row < buffer.size(); row++) {
      int end = ends.get(row);
      results.add(result.apply(buffer.get(row), embeddings.subList(begin, end)));
      begin = end;
    }
    return results.iterator();
  }
}
