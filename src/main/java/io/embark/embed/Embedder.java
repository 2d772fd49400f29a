package io.embark.embed;

import io.embark.batch.Batch;
import io.embark.batch.BatchPlanner;
import io.embark.model.ModelDirectory;
import io.embark.model.ModelStore;
import io.embark.onnx.DeviceChoice;
import io.embark.onnx.OnnxEncoder;
import io.embark.onnx.PoolingMask;
import io.embark.text.Chunker;
import io.embark.token.HfTokenizer;
import io.embark.token.Tokenizer;
import io.embark.token.Tokens;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.apache.hadoop.conf.Configuration;

/**
 * Texts in, vectors out: the whole path of Embark in plain Java, without Spark. Safe for use by
 * several threads at once, which then share one session.
 */
public final class Embedder implements AutoCloseable {
  private static final int TOKEN_BUDGET_CPU = 1024;
  private static final int TOKEN_BUDGET_GPU = 16_384;

  /** Token states held at most, in bytes, by one task. */
  private static final long STATES_BYTES = 64L << 20;

  private final EmbedderConfig config;
  private final Tokenizer tokenizer;
  private final OnnxEncoder encoder;
  private final int tokenBudget;
  private final BatchPlanner planner;
  private final String prompt;
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
      OnnxEncoder encoder) {
    this.config = boundedForStates(config, encoder);
    this.tokenizer = tokenizer;
    this.encoder = encoder;
    this.tokenBudget = tokenBudget(config, encoder.device());
    this.planner = new BatchPlanner(tokenBudget, model.padTokenId());
    this.prompt = config.get(Setting.PROMPT);
    this.layout = layout;
    this.dimensions = layout.dimensions(encoder.outputs());
    this.emptyTokens = tokenizer.encode(prompt).total();
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
   * @throws IllegalArgumentException if model and settings do not go together
   * @throws IllegalStateException if the device asked for cannot be had, or the model is not the
   *     one wanted
   */
  public static Embedder open(EmbedderConfig config, ModelStore store, int gpuIndex)
      throws IOException {
    ModelDirectory model =
        store.openSame(
            config.get(Setting.MODEL), config.get(Setting.MODEL_FILE), config.wantedModel());
    EmbedderConfig resolved = config.resolve(model);
    Tokenizer tokenizer = HfTokenizer.open(model.tokenizerJson(), resolved.get(Setting.MAX_LENGTH));
    try {
      VectorLayout layout = VectorLayout.of(resolved);
      boolean ownMask =
          resolved.get(Setting.EXCLUDE_SPECIAL_TOKENS) || resolved.get(Setting.EXCLUDE_PROMPT);
      OnnxEncoder encoder =
          OnnxEncoder.open(
              model.onnxFile(),
              DeviceChoice.of(resolved.get(Setting.DEVICE), gpuIndex),
              Math.max(1, resolved.get(Setting.INTRA_OP_THREADS)),
              layout.outputs(),
              ownMask ? PoolingMask.SEPARATE : PoolingMask.ATTENTION);
      return new Embedder(resolved, model, tokenizer, layout, encoder);
    } catch (RuntimeException e) {
      tokenizer.close();
      throw e;
    }
  }

  /** Token states take far more room than texts, so fewer rows are held when they are asked for. */
  private static EmbedderConfig boundedForStates(EmbedderConfig config, OnnxEncoder encoder) {
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

  private static int tokenBudget(EmbedderConfig config, DeviceChoice device) {
    int chosen = config.get(Setting.TOKEN_BUDGET);
    return chosen > 0 ? chosen : device.isGpu() ? TOKEN_BUDGET_GPU : TOKEN_BUDGET_CPU;
  }

  /**
   * Embeds texts as they are, blank ones too.
   *
   * @param texts no nulls
   * @return one vector {@code [dimension()]} per text, in the order of the texts; with several
   *     poolings the first one's
   */
  public float[][] embed(List<String> texts) {
    return Arrays.stream(embedAll(texts)).map(vectors -> vectors[0]).toArray(float[][]::new);
  }

  /**
   * Embeds texts as they are, blank ones too.
   *
   * @param texts no nulls
   * @return for each text, in the order of the texts, one vector per name in {@link #vectorNames()}
   */
  public float[][][] embedAll(List<String> texts) {
    List<Tokens> tokens = texts.stream().map(this::tokenize).toList();
    return Arrays.stream(encode(tokens, EmbeddingStats.NOBODY))
        .map(Encoded::vectors)
        .toArray(float[][][]::new);
  }

  /**
   * A chunker whose chunks this embedder does not cut.
   *
   * @param tokens the most tokens per chunk, 0 for the most that a text may have
   * @param overlap the most text tokens that a chunk shares with the one before it
   * @throws IllegalArgumentException if a number is out of range
   */
  public Chunker chunker(int tokens, int overlap) {
    return new Chunker(tokenizer, prompt, tokens, overlap);
  }

  /** Tokenises one text with the prompt before it. */
  Tokens tokenize(String text) {
    return tokenizer.encode(prompt.isEmpty() ? text : prompt + text);
  }

  /** Whether a tokenised text holds nothing but special tokens and the prompt. */
  boolean isEmpty(String text, Tokens tokens) {
    // A text may join the last token of the prompt, so few tokens are not yet none.
    return tokens.total() <= emptyTokens
        && (prompt.isEmpty() || tokenizer.encode(text).total() <= tokenizer.specialTokens());
  }

  /** Encodes tokenised texts, in the order of the texts. */
  Encoded[] encode(List<Tokens> texts, EmbeddingStats stats) {
    Encoded[] encoded = new Encoded[texts.size()];
    for (Batch batch : planner.plan(texts)) {
      long start = System.nanoTime();
      long[] mask =
          skipStart + skipEnd > 0 ? batch.poolingMask(skipStart, skipEnd) : batch.attentionMask();
      List<float[]> values = encoder.encode(batch, mask);
      for (int row = 0; row < batch.size(); row++) {
        int text = batch.rows()[row];
        encoded[text] =
            layout.row(values, encoder.outputs(), row, batch.length(), texts.get(text).used());
      }
      stats.batch(batch, System.nanoTime() - start);
    }
    return encoded;
  }

  /** The settings in force, every one of them filled in. */
  public EmbedderConfig config() {
    return config;
  }

  /** The device the session runs on. */
  public DeviceChoice device() {
    return encoder.device();
  }

  /** The most padded tokens in a batch. */
  public int tokenBudget() {
    return tokenBudget;
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
    encoder.close();
    tokenizer.close();
  }
}
