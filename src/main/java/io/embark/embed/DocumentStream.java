package io.embark.embed;

import io.embark.pooling.Norm;
import io.embark.text.Chunk;
import io.embark.text.Chunker;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.function.Function;

/**
 * Embeds a stream of documents, rows {@code T} each cut into chunks, in constant memory however
 * long a document is. Chunks of several documents share batches.
 */
public final class DocumentStream<T, R> implements Iterator<R> {

  /** Builds output rows from a document and its embeddings. */
  public interface Results<T, R> {
    /**
     * @param chunk null for a document that is null
     */
    R ofChunk(T document, Chunk chunk, Embedding embedding);

    /** Has 0 chunks if the document is null; merged of all of them by {@link MergedChunks}. */
    R ofDocument(T document, int chunks, Embedding merged);
  }

  /** A chunk and its document; no chunk for a document that is null. */
  public record Piece<T>(T document, Chunk chunk, boolean last) {
    String text() {
      return chunk == null ? null : chunk.text();
    }
  }

  private record Embedded<T>(Piece<T> piece, Embedding embedding) {}

  private final ChunkMode mode;
  private final Results<T, R> results;
  private final Embedder embedder;
  private final Chunker chunker;
  private final EmbeddingStream<Piece<T>, Embedded<T>> stream;
  private final Deque<R> ready = new ArrayDeque<>();
  private MergedChunks merged;

  /** Cuts with a chunker that {@link Embedder#chunker} made; texts may be null. */
  public DocumentStream(
      Embedder embedder,
      Chunker chunker,
      ChunkMode mode,
      Iterator<T> documents,
      Function<T, String> textOf,
      Results<T, R> results,
      EmbeddingStats stats) {
    this.mode = mode;
    this.results = results;
    this.embedder = embedder;
    this.chunker = chunker;
    this.stream =
        new EmbeddingStream<>(
            embedder, pieces(documents, textOf, chunker), Piece::text, Embedded::new, stats);
  }

  /** The chunks of all documents, one behind the other, without embedding them. */
  public static <T> Iterator<Piece<T>> pieces(
      Iterator<T> documents, Function<T, String> textOf, Chunker chunker) {
    return new Iterator<>() {
      private Iterator<Chunk> chunks = Collections.emptyIterator();
      private T document;

      @Override
      public boolean hasNext() {
        return chunks.hasNext() || documents.hasNext();
      }

      @Override
      public Piece<T> next() {
        if (!chunks.hasNext()) {
          document = documents.next();
          String text = textOf.apply(document);
          if (text == null) {
            return new Piece<>(document, null, true);
          }
          chunks = chunker.chunks(text);
        }
        Chunk chunk = chunks.next();
        return new Piece<>(document, chunk, !chunks.hasNext());
      }
    };
  }

  @Override
  public boolean hasNext() {
    while (ready.isEmpty() && stream.hasNext()) {
      take(stream.next());
    }
    return !ready.isEmpty();
  }

  @Override
  public R next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    return ready.remove();
  }

  /** The stream of all chunks beneath; closing it ends this one. */
  public EmbeddingStream<?, ?> embeddings() {
    return stream;
  }

  private void take(Embedded<T> embedded) {
    Piece<T> piece = embedded.piece();
    if (mode.chunks()) {
      ready.add(results.ofChunk(piece.document(), piece.chunk(), embedded.embedding()));
    }
    if (!mode.documents()) {
      return;
    }
    if (merged == null) {
      merged = new MergedChunks(embedder.config().get(Setting.NORMALIZE), chunker.overhead());
    }
    merged.add(embedded.embedding());
    if (piece.last()) {
      int chunks = piece.chunk() == null ? 0 : piece.chunk().index() + 1;
      ready.add(results.ofDocument(piece.document(), chunks, merged.result()));
      merged = null;
    }
  }

  /**
   * The vector of a document out of those of its chunks: their mean, weighted by tokens,
   *
   * <pre>d = sum(n_i * v_i) / sum(n_i)</pre>
   *
   * where {@code v_i} is the vector of chunk i as the model gives it and {@code n_i} its number of
   * text tokens, without special ones and the prompt's; normalised where vectors are. As in the
   * OpenAI Cookbook, "Embedding texts that are longer than the model's maximum context length".
   *
   * <p>Chunks without a vector have no weight; of a single one that has one the document gets that
   * very vector, bit by bit. Special tokens, prompts and overlaps count as often as the model sees
   * them. A chunk that failed fails the document.
   */
  static final class MergedChunks {
    private final Norm norm;

    /** Tokens of each chunk that are not its text. */
    private final int overhead;

    /**
     * The first chunk whose status the document has: one that failed, else one that has a vector.
     */
    private Embedding telling;

    private int vectors;
    private double[][] sums;
    private double weights;
    private int tokenCount;
    private int tokensUsed;
    private double unknownTokens;
    private long textTokens;

    MergedChunks(Norm norm, int overhead) {
      this.norm = norm;
      this.overhead = overhead;
    }

    void add(Embedding chunk) {
      tokenCount = Math.addExact(tokenCount, chunk.tokenCount());
      tokensUsed = Math.addExact(tokensUsed, chunk.tokensUsed());
      int own = Math.max(0, chunk.tokensUsed() - overhead);
      textTokens += own;
      unknownTokens += own * chunk.unknownTokenRatio();
      if (telling == null || rank(chunk) > rank(telling)) {
        telling = chunk;
      }
      if (chunk.status() == Status.OK) {
        addVectors(chunk.vectors(), Math.max(1, chunk.tokensUsed() - overhead));
      }
    }

    private static int rank(Embedding chunk) {
      return switch (chunk.status()) {
        case NULL_TEXT, BLANK_TEXT -> 0;
        case OK -> 1;
        case FAILED -> 2;
      };
    }

    private void addVectors(float[][] added, double weight) {
      if (sums == null) {
        sums = new double[added.length][];
        for (int v = 0; v < added.length; v++) {
          sums[v] = new double[added[v].length];
        }
      }
      vectors++;
      weights += weight;
      for (int v = 0; v < added.length; v++) {
        for (int i = 0; i < added[v].length; i++) {
          sums[v][i] += weight * added[v][i];
        }
      }
    }

    /** The document's embedding, of at least one chunk. */
    Embedding result() {
      float[][] merged = telling.status() == Status.OK && vectors > 1 ? means() : telling.vectors();
      double unknown = textTokens == 0 ? 0 : unknownTokens / textTokens;
      return new Embedding(
          merged, null, tokenCount, tokensUsed, unknown, telling.status(), telling.failure());
    }

    private float[][] means() {
      float[][] means = new float[sums.length][];
      for (int v = 0; v < sums.length; v++) {
        means[v] = new float[sums[v].length];
        for (int i = 0; i < means[v].length; i++) {
          means[v][i] = (float) (sums[v][i] / weights);
        }
        norm.apply(means[v]);
      }
      return means;
    }
  }
}
