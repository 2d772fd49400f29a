package io.embark.embed;

import io.embark.UserError;
import io.embark.batch.Batch;
import io.embark.batch.BatchPlanner;
import io.embark.batch.BatchShapes;
import io.embark.model.ModelDirectory;
import io.embark.model.store.ModelStore;
import io.embark.natives.NativeLibraries;
import io.embark.onnx.Cancellation;
import io.embark.onnx.DeviceChoice;
import io.embark.onnx.Encoder;
import io.embark.onnx.OnnxEncoder;
import io.embark.onnx.graph.PooledGraph.PoolingMask;
import io.embark.text.Chunker;
import io.embark.text.Spaces;
import io.embark.token.HfTokenizer;
import io.embark.token.Tokenizer;
import io.embark.token.Tokens;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.apache.hadoop.conf.Configuration;

/**
 * Texts in, vectors out: the whole path of Embark in plain Java, without Spark. Safe for use by
 * several threads at once, which then share one session. On a CPU the batches of one call run on
 * every core that no other call and no stream uses ({@link Cores}).
 */
public final class Embedder implements AutoCloseable {
  /** Token states held at most, in bytes, by one task. */
  private static final long STATES_BYTES = 64L << 20;

  private final EmbedderConfig config;
  private final Tokenizer tokenizer;
  private final Encoder encoder;
  private final int tokenBudget;
  private final BatchRecovery recovery;
  private final OnRowError onRowError;
  private final String prompt;

  /** Whether the model was trained on texts without space around them. */
  private final boolean strips;

  private final VectorLayout layout;
  private final List<Integer> dimensions;

  /** Tokens at a text's start and end that are not pooled. */
  private final int skipStart;

  private final int skipEnd;

  /** Tokens that every text gets regardless of its content: special ones and the prompt's. */
  private final int emptyTokens;

  private Embedder(
      EmbedderConfig config,
      ModelDirectory model,
      Tokenizer tokenizer,
      VectorLayout layout,
      Encoder encoder) {
    this.config = boundedForStates(config, encoder);
    this.tokenizer = tokenizer;
    this.encoder = encoder;
    this.tokenBudget = Executions.tokenBudget(config, encoder.device());
    this.onRowError = config.get(Setting.ON_ROW_ERROR);
    BatchShapes shapes =
        encoder.takesPadding() ? Executions.shapes(config, encoder.device()) : BatchShapes.UNPADDED;
    this.recovery =
        new BatchRecovery(
            encoder, new BatchPlanner(tokenBudget, model.padTokenId(), shapes), onRowError);
    this.prompt = config.get(Setting.PROMPT);
    this.strips = model.sentenceModel();
    this.layout = layout;
    this.dimensions = layout.dimensions(encoder.outputs());
    this.emptyTokens = tokenize("").total();
    if (emptyTokens >= tokenizer.maxLength() && !prompt.isEmpty()) {
      throw new UserError(
          ("prompt: takes %d tokens, special tokens included, and max-length is %d: no token of any"
                  + " text would be left. Use a shorter prompt or a larger max-length.")
              .formatted(emptyTokens, tokenizer.maxLength()));
    }
    boolean withoutSpecial = config.get(Setting.EXCLUDE_SPECIAL_TOKENS);
    boolean withoutPrompt = config.get(Setting.EXCLUDE_PROMPT) && !prompt.isEmpty();
    this.skipStart =
        withoutPrompt
            ? emptyTokens - tokenizer.specialSuffix()
            : withoutSpecial ? tokenizer.specialPrefix() : 0;
    this.skipEnd = withoutSpecial ? tokenizer.specialSuffix() : 0;
  }

  /** Opens an embedder on the first GPU or the CPU of this machine, as the config says. */
  public static Embedder open(EmbedderConfig config) throws IOException {
    return open(config, ModelStore.ofThisHost(new Configuration()), 0);
  }

  /**
   * Opens an embedder: finds the model, settles the settings, loads tokenizer and session.
   *
   * @param gpuIndex which GPU of this machine to use, if any is wanted
   * @throws IOException if a file of the model cannot be read
   * @throws UserError if model and settings do not go together
   * @throws IllegalStateException if the device asked for cannot be had, or the model is not the
   *     one wanted
   */
  public static Embedder open(EmbedderConfig config, ModelStore store, int gpuIndex)
      throws IOException {
    return open(config, store, gpuIndex, UnaryOperator.identity());
  }

  /**
   * {@link #open(EmbedderConfig, ModelStore, int)} with something around the session.
   *
   * @param around what batches go to, given the session
   */
  static Embedder open(
      EmbedderConfig config, ModelStore store, int gpuIndex, UnaryOperator<Encoder> around)
      throws IOException {
    // Both native loaders read it once, when their classes load.
    NativeLibraries.use();
    ModelDirectory model =
        store.openSame(
            config.get(Setting.MODEL), config.get(Setting.MODEL_FILE), config.wantedModel());
    EmbedderConfig resolved = config.resolve(model);
    HfTokenizer tokenizer =
        HfTokenizer.open(model.tokenizerJson(), resolved.get(Setting.MAX_LENGTH));
    Encoder encoder = null;
    try {
      requireCase(model, tokenizer);
      VectorLayout layout = VectorLayout.of(resolved);
      boolean ownMask =
          resolved.get(Setting.EXCLUDE_SPECIAL_TOKENS) || resolved.get(Setting.EXCLUDE_PROMPT);
      DeviceChoice device = DeviceChoice.of(resolved.get(Setting.DEVICE), gpuIndex);
      encoder =
          OnnxEncoder.open(
              model.onnxFile(),
              Executions.of(resolved, device, model),
              layout.outputs(),
              ownMask ? PoolingMask.SEPARATE : PoolingMask.ATTENTION,
              resolved.get(Setting.PRECISION),
              () -> CalibrationTexts.ids(tokenizer, resolved.get(Setting.PROMPT)));
      return new Embedder(resolved, model, tokenizer, layout, around.apply(encoder));
    } catch (IOException | RuntimeException | Error e) {
      closeQuietly(encoder, e);
      tokenizer.close();
      throw e;
    }
  }

  /** What went wrong first is what the caller must hear of. */
  private static void closeQuietly(Encoder encoder, Throwable cause) {
    if (encoder != null) {
      try {
        encoder.close();
      } catch (RuntimeException e) {
        cause.addSuppressed(e);
      }
    }
  }

  private static void requireCase(ModelDirectory model, HfTokenizer tokenizer) {
    if (model.lowersCase() && !tokenizer.lowersCase()) {
      throw new UserError(
          ("model: %s has do_lower_case in sentence_bert_config.json, but its tokenizer.json tells"
                  + " small from capital letters. Embark changes no texts: give it texts in small"
                  + " letters and set do_lower_case to false.")
              .formatted(model.name()));
    }
  }

  /** Token states take far more room than texts, so fewer rows are held when they are asked for. */
  private static EmbedderConfig boundedForStates(EmbedderConfig config, Encoder encoder) {
    if (!config.get(Setting.TOKEN_STATES)) {
      return config;
    }
    long bytesPerRow =
        4L
            * config.get(Setting.MAX_LENGTH)
            * encoder.outputs().get(encoder.outputs().size() - 1).dim();
    long rows = Math.max(1, Math.min(config.get(Setting.BUFFER_ROWS), STATES_BYTES / bytesPerRow));
    return config.toBuilder()
        .set(Setting.BUFFER_ROWS, Long.toString(rows), "bounded for token states")
        .build();
  }

  /**
   * Embeds texts as they are, blank ones too.
   *
   * @param texts no nulls
   * @return one vector {@code [dimension()]} per text, in the order of the texts; with several
   *     poolings the first one's
   * @throws IllegalStateException if the model fails on a text, whatever {@code on-row-error} says
   */
  public float[][] embed(List<String> texts) {
    return Arrays.stream(embedAll(texts)).map(vectors -> vectors[0]).toArray(float[][]::new);
  }

  /**
   * Embeds texts as they are, blank ones too.
   *
   * @param texts no nulls
   * @return for each text, in the order of the texts, one vector per name in {@link #vectorNames()}
   * @throws IllegalStateException if the model fails on a text, whatever {@code on-row-error} says
   */
  public float[][][] embedAll(List<String> texts) {
    List<Tokens> tokens = texts.stream().map(this::tokenize).toList();
    Optional<Cores> cores = cores();
    cores.ifPresent(Cores::take);
    try {
      return Arrays.stream(encode(tokens, EmbeddingStats.NOBODY, new Cancellation()))
          .map(Embedder::vectorsOf)
          .toArray(float[][][]::new);
    } finally {
      cores.ifPresent(Cores::giveBack);
    }
  }

  private static float[][] vectorsOf(Encoded encoded) {
    if (encoded.failure() != null) {
      throw new IllegalStateException("A text has no vector: " + encoded.failure());
    }
    return encoded.vectors();
  }

  /**
   * A chunker whose chunks this embedder does not cut.
   *
   * @param tokens the most tokens per chunk, 0 for the most that a text may have
   * @param overlap the most text tokens that a chunk shares with the one before it
   * @throws UserError if a number is out of range
   */
  public Chunker chunker(int tokens, int overlap) {
    return new Chunker(tokenizer, prompt, tokens, overlap);
  }

  /**
   * Tokenises one text with the prompt before it, as sentence-transformers does for its models:
   * without space around the two.
   */
  Tokens tokenize(String text) {
    return encode(prompt.isEmpty() ? text : prompt + text);
  }

  private Tokens encode(String text) {
    return tokenizer.encode(strips ? Spaces.stripped(text) : text);
  }

  /** Whether a tokenised text holds nothing but special tokens and the prompt. */
  boolean isEmpty(String text, Tokens tokens) {
    // A text may join the last token of the prompt, so few tokens are not yet none.
    return tokens.total() <= emptyTokens
        && (prompt.isEmpty() || encode(text).total() <= tokenizer.specialTokens());
  }

  /** The share of a text's own tokens that stand for what the vocabulary lacks, 0 to 1. */
  double unknownTokenRatio(Tokens text) {
    long unknownId = tokenizer.unknownId();
    int first = emptyTokens - tokenizer.specialSuffix();
    int end = text.used() - tokenizer.specialSuffix();
    if (unknownId < 0 || end <= first) {
      return 0;
    }
    int unknown = 0;
    for (int i = first; i < end; i++) {
      unknown += text.ids()[i] == unknownId ? 1 : 0;
    }
    return (double) unknown / (end - first);
  }

  /**
   * Encodes tokenised texts, in the order of the texts. The calling thread has one of {@link
   * #cores}, where there are any; more are borrowed.
   *
   * @param stats told by one thread after the other
   */
  Encoded[] encode(List<Tokens> texts, EmbeddingStats stats, Cancellation cancellation) {
    Encoded[] encoded = new Encoded[texts.size()];
    List<Batch> batches = plan(texts);
    Consumer<Batch> model = batch -> encode(batch, texts, encoded, stats, cancellation);
    Optional<Cores> cores = cores();
    if (cores.isPresent()) {
      BufferRun.all(batches, model, cores.get());
    } else {
      batches.forEach(model);
    }
    return encoded;
  }

  /**
   * Where batches of one stream may run at the same time; empty on a GPU, and where the session has
   * threads of its own, which use the cores already.
   */
  Optional<Cores> cores() {
    return encoder.device().isGpu() || config.get(Setting.INTRA_OP_THREADS) > 1
        ? Optional.empty()
        : Optional.of(Cores.ofThisJvm());
  }

  /** Cuts tokenised texts into batches. */
  List<Batch> plan(List<Tokens> texts) {
    return recovery.plan(texts);
  }

  /**
   * Encodes one batch, in parts if memory does not suffice.
   *
   * @param texts what the batch was planned of
   * @param encoded {@code [texts.size()]}, of which the places of the batch's rows are filled
   * @throws IllegalStateException if the model fails or the batch was stopped
   */
  void encode(
      Batch batch,
      List<Tokens> texts,
      Encoded[] encoded,
      EmbeddingStats stats,
      Cancellation cancellation) {
    BatchRecovery.Outcome outcome =
        new BatchRecovery.Outcome() {
          @Override
          public void encode(Batch part) {
            encodePart(part, texts, encoded, stats, cancellation);
          }

          @Override
          public void failed(int text, String reason) {
            encoded[text] = Encoded.failed(reason);
          }
        };
    recovery.run(batch, texts, outcome, stats, cancellation);
  }

  private void encodePart(
      Batch part,
      List<Tokens> texts,
      Encoded[] encoded,
      EmbeddingStats stats,
      Cancellation cancellation) {
    long start = System.nanoTime();
    long[] mask =
        skipStart + skipEnd > 0 ? part.poolingMask(skipStart, skipEnd) : part.attentionMask();
    encoder.encode(
        part,
        mask,
        cancellation,
        values -> {
          for (int row = 0; row < part.size(); row++) {
            int text = part.rows()[row];
            encoded[text] =
                layout.row(values, encoder.outputs(), row, part.length(), texts.get(text).used());
          }
          return null;
        });
    stats.batch(part, System.nanoTime() - start);
    for (int text : part.rows()) {
      if (!encoded[text].isFinite()) {
        encoded[text] = notFinite(texts.get(text), stats);
      }
    }
  }

  private Encoded notFinite(Tokens text, EmbeddingStats stats) {
    String reason =
        "the model gives NaN or infinite values for this text of %d tokens".formatted(text.used());
    if (onRowError == OnRowError.FAIL) {
      throw new IllegalStateException(
          ("On %s %s. A float16 graph can overflow: try one in float32. With on-row-error null such"
                  + " texts get a status instead.")
              .formatted(encoder.device().label(), reason));
    }
    stats.failed(1);
    return Encoded.failed(reason);
  }

  /** The settings in force, every one of them filled in. */
  public EmbedderConfig config() {
    return config;
  }

  /** The device the session runs on. */
  public DeviceChoice device() {
    return encoder.device();
  }

  /** The most padded tokens in a batch, as it was opened. */
  public int tokenBudget() {
    return tokenBudget;
  }

  /** The most padded tokens in a batch by now: fewer once memory did not suffice. */
  public int tokenBudgetNow() {
    return recovery.tokenBudget();
  }

  /** A name for each vector of a text: its pooling, and its layers where there are several. */
  public List<String> vectorNames() {
    return layout.names();
  }

  /** Values of each vector of a text. */
  public List<Integer> dimensions() {
    return dimensions;
  }

  /** Values of the first vector of a text. */
  public int dimension() {
    return dimensions.get(0);
  }

  /** Frees the session and the tokenizer. Does nothing the second time. */
  @Override
  public void close() {
    try {
      encoder.close();
    } finally {
      tokenizer.close();
    }
  }
}
