package io.embark.embed;

import io.embark.UserError;
import io.embark.model.ModelDirectory;
import io.embark.model.store.ModelStore;
import io.embark.natives.NativeLibraries;
import io.embark.onnx.DeviceChoice;
import io.embark.onnx.Encoder;
import io.embark.onnx.OnnxEncoder;
import io.embark.onnx.graph.GraphOutput.PooledOutput;
import io.embark.onnx.graph.PooledGraph.PoolingMask;
import io.embark.pooling.Modules;
import io.embark.pooling.VectorModule;
import io.embark.staticmodel.StaticEncoder;
import io.embark.text.Chunker;
import io.embark.text.Strip;
import io.embark.token.HfTokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.apache.hadoop.conf.Configuration;

/**
 * Texts in, vectors out, in plain Java without Spark. Safe for use by several threads at once,
 * which then share one session. On a CPU the batches of one call run on every core that no other
 * call and no stream uses ({@link Cores}).
 */
public final class Embedder implements AutoCloseable {
  /** Token states held at most, in bytes, by one task. */
  private static final long STATES_BYTES = 64L << 20;

  private static final String CALIBRATION_TEXTS = "calibration-texts.txt";

  /** Calibration texts that are joined to one long text. */
  private static final int JOINED = 8;

  private final EmbedderConfig config;
  private final PromptTokenizer tokenizer;
  private final Encoder encoder;
  private final VectorLayout layout;
  private final EmbeddingPipeline pipeline;

  private Embedder(
      EmbedderConfig config,
      ModelDirectory model,
      List<VectorModule> modules,
      HfTokenizer tokenizer,
      Encoder encoder) {
    this.config = boundedForStates(config, encoder);
    boolean strips = model.sentenceModel() && config.get(Setting.STRIP) == Strip.EARLIER;
    this.tokenizer = new PromptTokenizer(tokenizer, config.get(Setting.PROMPT), strips);
    this.encoder = encoder;
    this.layout = VectorLayout.of(config, encoder.outputs(), modules);
    this.pipeline = new EmbeddingPipeline(this.config, model, this.tokenizer, encoder, layout);
  }

  /** Opens an embedder on the first GPU or the CPU of this machine, as the config says. */
  public static Embedder open(EmbedderConfig config) throws IOException {
    return open(config, ModelStore.ofThisHost(new Configuration()), 0);
  }

  /**
   * Opens an embedder: finds the model, settles the settings, loads tokenizer and session.
   *
   * @param gpuIndex which GPU of this machine to use, if any is wanted
   * @throws UserError if model and settings do not go together
   * @throws IllegalStateException if the device cannot be had, or the model is not the one wanted
   */
  public static Embedder open(EmbedderConfig config, ModelStore store, int gpuIndex)
      throws IOException {
    return open(config, store, gpuIndex, UnaryOperator.identity());
  }

  /** Opens an embedder whose batches go to what {@code around} makes of the session. */
  static Embedder open(
      EmbedderConfig config, ModelStore store, int gpuIndex, UnaryOperator<Encoder> around)
      throws IOException {
    // Both native loaders read it once, when their classes load.
    NativeLibraries.use();
    ModelDirectory model =
        store.openSame(
            config.get(Setting.MODEL), config.get(Setting.MODEL_FILE), config.wantedModel());
    EmbedderConfig resolved = config.resolve(model);
    List<VectorModule> modules =
        resolved.get(Setting.MODULES) == Modules.MODEL ? model.modules() : List.of();
    HfTokenizer tokenizer = ModelTokenizer.open(model, resolved);
    Encoder encoder = null;
    try {
      encoder =
          model.isStatic()
              ? StaticEncoder.open(model.onnxFile(), mean(resolved, modules), tokenizer.largestId())
              : session(resolved, model, modules, tokenizer, gpuIndex);
      return new Embedder(resolved, model, modules, tokenizer, around.apply(encoder));
    } catch (IOException | RuntimeException | Error e) {
      closeQuietly(encoder, e);
      tokenizer.close();
      throw e;
    }
  }

  private static Encoder session(
      EmbedderConfig resolved,
      ModelDirectory model,
      List<VectorModule> modules,
      HfTokenizer tokenizer,
      int gpuIndex)
      throws IOException {
    FinishedVectorCheck.of(model, resolved, tokenizer, modules);
    DeviceChoice device = DeviceChoice.of(resolved.get(Setting.DEVICE), gpuIndex);
    try {
      OnnxEncoder encoder =
          OnnxEncoder.open(
              model.onnxFile(),
              model.traits().withOutput(resolved.text(Setting.MODEL_OUTPUT)),
              Executions.of(resolved, device, model),
              VectorLayout.outputs(resolved, modules),
              poolingMask(resolved),
              resolved.get(Setting.PRECISION),
              () -> calibrationIds(tokenizer, resolved.get(Setting.PROMPT)));
      requireTypes(encoder, tokenizer, model);
      return encoder;
    } catch (UserError e) {
      throw model.layers().isPresent() ? withLayersOf(resolved, e) : e;
    }
  }

  /** Every token is fed as one of type 0. */
  private static void requireTypes(
      OnnxEncoder encoder, HfTokenizer tokenizer, ModelDirectory model) {
    if (encoder.takesTokenTypes() && tokenizer.givesTypes()) {
      encoder.close();
      throw new UserError(
          ("Model %s: the post_processor of %s gives tokens of a single text type ids other than 0,"
                  + " and the graph takes token_type_ids; Embark feeds zeros, which would give other"
                  + " vectors. Export the graph without that input, or, if the model was trained with"
                  + " zeros, set those type_id to 0.")
              .formatted(model.name(), model.tokenizerJson()));
    }
  }

  /** Nobody who set no layers knows who wants others than the last. */
  private static UserError withLayersOf(EmbedderConfig resolved, UserError e) {
    return new UserError(
        "Layers %s are set by %s. %s"
            .formatted(
                resolved.text(Setting.LAYERS), resolved.origin(Setting.LAYERS), e.getMessage()),
        e);
  }

  /** The one vector of a static model. */
  private static PooledOutput mean(EmbedderConfig resolved, List<VectorModule> modules) {
    return (PooledOutput) VectorLayout.outputs(resolved, modules).get(0);
  }

  private static PoolingMask poolingMask(EmbedderConfig resolved) {
    if (resolved.get(Setting.EXCLUDE_PROMPT) && !resolved.get(Setting.PROMPT).isEmpty()) {
      return PoolingMask.WITHOUT_PROMPT;
    }
    return resolved.get(Setting.EXCLUDE_SPECIAL_TOKENS)
        ? PoolingMask.SEPARATE
        : PoolingMask.ATTENTION;
  }

  /**
   * Token ids of texts of many kinds, with which a model is measured in another precision: each
   * alone, and several as one, as positions and lengths matter too.
   */
  private static List<long[]> calibrationIds(HfTokenizer tokenizer, String prompt) {
    List<String> lines;
    try (InputStream file = Embedder.class.getResourceAsStream(CALIBRATION_TEXTS)) {
      lines = new String(file.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(
          "Cannot read " + CALIBRATION_TEXTS + " in Embark's own jar", e);
    }
    List<String> texts = new ArrayList<>(lines);
    for (int from = 0; from < lines.size(); from += JOINED) {
      texts.add(String.join(" ", lines.subList(from, Math.min(lines.size(), from + JOINED))));
    }
    return texts.stream().map(text -> tokenizer.encode(prompt + text).ids()).toList();
  }

  /** The caller must hear of what went wrong first. */
  private static void closeQuietly(Encoder encoder, Throwable cause) {
    if (encoder != null) {
      try {
        encoder.close();
      } catch (RuntimeException e) {
        cause.addSuppressed(e);
      }
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

  /** The first vector of {@link #embedAll} of each text, {@code [dimension()]}. */
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
    Embedding[] embeddings = pipeline.embed(texts);
    for (Embedding embedding : embeddings) {
      if (embedding.failure() != null) {
        throw new IllegalStateException("A text has no vector: " + embedding.failure());
      }
    }
    return Arrays.stream(embeddings).map(Embedding::vectors).toArray(float[][][]::new);
  }

  /**
   * A chunker whose chunks this embedder does not cut.
   *
   * @param tokens the most tokens per chunk, 0 for the most that a text may have
   * @param overlap the most text tokens that a chunk shares with the one before it
   * @throws UserError if a number is out of range
   */
  public Chunker chunker(int tokens, int overlap) {
    return tokenizer.chunker(tokens, overlap);
  }

  EmbeddingPipeline pipeline() {
    return pipeline;
  }

  /** The settings in force, every one of them filled in. */
  public EmbedderConfig config() {
    return config;
  }

  public DeviceChoice device() {
    return encoder.device();
  }

  /** The most padded tokens in a batch, as it was opened. */
  public int tokenBudget() {
    return Executions.tokenBudget(config, encoder.device());
  }

  /** The most padded tokens in a batch by now: fewer once memory did not suffice. */
  public int tokenBudgetNow() {
    return pipeline.tokenBudgetNow();
  }

  /** A name for each vector of a text: its pooling, and its layers where there are several. */
  public List<String> vectorNames() {
    return layout.names();
  }

  /** Values of each vector of a text. */
  public List<Integer> dimensions() {
    return layout.dimensions();
  }

  public int dimension() {
    return dimensions().get(0);
  }

  /** Frees the session and the tokenizer. Does nothing the second time. */
  @Override
  public void close() {
    try (tokenizer) {
      encoder.close();
    }
  }
}
