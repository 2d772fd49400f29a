package io.embark.embed;

import io.embark.batch.Batch;
import io.embark.batch.BatchPlanner;
import io.embark.model.ModelDirectory;
import io.embark.model.ModelStore;
import io.embark.onnx.DeviceChoice;
import io.embark.onnx.OnnxEncoder;
import io.embark.pooling.Norm;
import io.embark.pooling.Pooling;
import io.embark.pooling.TokenStates;
import io.embark.token.HfTokenizer;
import io.embark.token.Tokenizer;
import io.embark.token.Tokens;
import java.io.IOException;
import java.util.List;
import org.apache.hadoop.conf.Configuration;

/**
 * Texts in, vectors out: the whole path of Embark in plain Java, without Spark. Safe for use by
 * several threads at once, which then share one session.
 */
public final class Embedder implements AutoCloseable {
  private static final int TOKEN_BUDGET_CPU = 1024;
  private static final int TOKEN_BUDGET_GPU = 16_384;

  private final EmbedderConfig config;
  private final Tokenizer tokenizer;
  private final OnnxEncoder encoder;
  private final BatchPlanner planner;
  private final String prompt;
  private final Pooling pooling;
  private final Norm norm;

  /** Tokens that every text gets regardless of its content: special ones and the prompt's. */
  private final int emptyTokens;

  private Embedder(
      EmbedderConfig config, ModelDirectory model, Tokenizer tokenizer, OnnxEncoder encoder) {
    this.config = config;
    this.tokenizer = tokenizer;
    this.encoder = encoder;
    this.planner = new BatchPlanner(tokenBudget(config, encoder.device()), model.padTokenId());
    this.prompt = config.get(Setting.PROMPT);
    this.pooling = config.get(Setting.POOLING);
    this.norm = config.get(Setting.NORMALIZE);
    this.emptyTokens = tokenizer.encode(prompt).total();
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
   * @throws IllegalStateException if the device asked for cannot be had
   */
  public static Embedder open(EmbedderConfig config, ModelStore store, int gpuIndex)
      throws IOException {
    ModelDirectory model = store.open(config.get(Setting.MODEL), config.get(Setting.MODEL_FILE));
    EmbedderConfig resolved = config.resolve(model);
    Tokenizer tokenizer = HfTokenizer.open(model.tokenizerJson(), resolved.get(Setting.MAX_LENGTH));
    try {
      OnnxEncoder encoder =
          OnnxEncoder.open(
              model.onnxFile(),
              DeviceChoice.of(resolved.get(Setting.DEVICE), gpuIndex),
              Math.max(1, resolved.get(Setting.INTRA_OP_THREADS)),
              !resolved.get(Setting.POOLING).usesTokenStates());
      return new Embedder(resolved, model, tokenizer, encoder);
    } catch (RuntimeException e) {
      tokenizer.close();
      throw e;
    }
  }

  private static int tokenBudget(EmbedderConfig config, DeviceChoice device) {
    int chosen = config.get(Setting.TOKEN_BUDGET);
    return chosen > 0 ? chosen : device.isGpu() ? TOKEN_BUDGET_GPU : TOKEN_BUDGET_CPU;
  }

  /**
   * Embeds texts as they are, blank ones too.
   *
   * @param texts no nulls
   * @return one vector {@code [dimension()]} per text, in the order of the texts
   */
  public float[][] embed(List<String> texts) {
    return encode(texts.stream().map(this::tokenize).toList(), EmbeddingStats.NOBODY);
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

  /** Tokenised texts to vectors, in the order of the texts. */
  float[][] encode(List<Tokens> texts, EmbeddingStats stats) {
    float[][] vectors = new float[texts.size()][];
    for (Batch batch : planner.plan(texts)) {
      long start = System.nanoTime();
      TokenStates states = encoder.encode(batch);
      for (int row = 0; row < batch.size(); row++) {
        float[] vector = pooling.pool(states, row);
        norm.apply(vector);
        vectors[batch.rows()[row]] = vector;
      }
      stats.batch(batch, System.nanoTime() - start);
    }
    return vectors;
  }

  /** The settings in force, every one of them filled in. */
  public EmbedderConfig config() {
    return config;
  }

  /** The device the session runs on. */
  public DeviceChoice device() {
    return encoder.device();
  }

  /** Values per vector. */
  public int dimension() {
    return encoder.hiddenSize();
  }

  /** Frees the session and the tokenizer. Does nothing the second time. */
  @Override
  public void close() {
    encoder.close();
    tokenizer.close();
  }
}
