package io.embark.embed;

import io.embark.token.Tokens;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * Embeds a stream of any length in constant memory: reads ahead into a bounded buffer, embeds the
 * buffer, hands its items on in the order they came. Every item comes out exactly once, with a
 * vector or with the reason why it has none.
 *
 * @param <T> what comes in, a row that holds a text
 * @param <R> what goes out
 */
public final class EmbeddingStream<T, R> implements Iterator<R> {
  private final Embedder embedder;
  private final Iterator<T> items;
  private final Function<T, String> textOf;
  private final BiFunction<T, Embedding, R> result;
  private final EmbeddingStats stats;
  private final int bufferRows;
  private final int bufferChars;
  private Iterator<R> ready = List.<R>of().iterator();

  /**
   * @param textOf the text of an item; may give null
   * @param result joins an item and its embedding
   */
  public EmbeddingStream(
      Embedder embedder,
      Iterator<T> items,
      Function<T, String> textOf,
      BiFunction<T, Embedding, R> result,
      EmbeddingStats stats) {
    this.embedder = embedder;
    this.items = items;
    this.textOf = textOf;
    this.result = result;
    this.stats = stats;
    this.bufferRows = embedder.config().get(Setting.BUFFER_ROWS);
    this.bufferChars = embedder.config().get(Setting.BUFFER_CHARS);
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
    List<Embedding> embeddings = new ArrayList<>();
    List<Tokens> texts = new ArrayList<>();
    List<Integer> rowOfText = new ArrayList<>();
    long chars = 0;
    long start = System.nanoTime();
    while (items.hasNext() && buffer.size() < bufferRows && chars < bufferChars) {
      T item = items.next();
      String text = textOf.apply(item);
      buffer.add(item);
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
        rowOfText.add(embeddings.size());
        texts.add(tokens);
        embeddings.add(null);
      }
    }
    stats.tokenized(texts.size(), System.nanoTime() - start);
    Encoded[] encoded = embedder.encode(texts, stats);
    for (int i = 0; i < encoded.length; i++) {
      embeddings.set(rowOfText.get(i), Embedding.of(texts.get(i), encoded[i]));
    }
    List<R> results = new ArrayList<>(buffer.size());
    for (int row = 0; row < buffer.size(); row++) {
      results.add(result.apply(buffer.get(row), embeddings.get(row)));
    }
    return results.iterator();
  }
}
