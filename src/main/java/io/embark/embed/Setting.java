package io.embark.embed;

import io.embark.Choice;
import io.embark.UserError;
import io.embark.onnx.Device;
import io.embark.onnx.GpuOptions;
import io.embark.onnx.Precision;
import io.embark.pooling.Layers;
import io.embark.pooling.Modules;
import io.embark.pooling.Norm;
import io.embark.pooling.Pooling;
import io.embark.text.Strip;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.function.Function;

/**
 * A setting of the embedder or of a job, declared once: the command line, configuration files, the
 * Spark ML params, their checks and their documentation all come from here.
 *
 * @param effect what it changes about a run, from which keys of runs, checks of appended rows,
 *     checks of comparisons and the metadata of vector columns follow
 * @param key name in files and, with two dashes before it, on the command line
 * @param argument what stands for the value in help texts; names the unit
 * @param defaultText the default as text, or null when the model decides
 * @param description one sentence, without a full stop
 * @param parser text to value; throws {@link UserError} with the reason
 */
public record Setting<T>(
    Effect effect,
    String key,
    String argument,
    String defaultText,
    String description,
    Function<String, T> parser) {

  /** The part of a run that a setting changes. */
  public enum Effect {
    /** The vectors that a text gets. */
    VECTORS,
    /** Rows and columns that are written, or how exact their numbers are; vectors compare. */
    STORAGE,
    /**
     * What a table or an unfinished run settles once and keeps (samples that maps and ranges are
     * found on, slices), or what is done when slices are published (deletions): those that are
     * staged hold whatever it is.
     */
    PLAN,
    /** How fast a run is, when it stops and what it shows; nothing that it writes. */
    SPEED,
    /** Places: of input, output, model and device. What is written does not depend on them. */
    PLACE,
    /** The report of a job that reads vectors. */
    REPORT;

    /** Whether slices that a run has staged depend on it. */
    public boolean isStaged() {
      return this == VECTORS || this == STORAGE;
    }
  }

  private static final List<Setting<?>> DECLARED = new ArrayList<>();

  /** The value that leaves a number to Embark. */
  public static final String AUTO = "auto";

  /** The argument of a setting that is on or off. */
  public static final String SWITCH = "true|false";

  public static final Setting<String> MODEL =
      ofEmbedder(Effect.PLACE, "model", "builtin:NAME|DIR|URI", "builtin:all-MiniLM-L6-v2")
          .says(
              "The model: a built-in; a directory with an ONNX file and tokenizer.json, or a .zip"
                  + " or .tar.gz of one, as a path, a URI of any Hadoop file system (hdfs://,"
                  + " s3a://), spark-files:NAME (sent with --files or --archives) or"
                  + " classpath:PATH; or a name on the Hugging Face hub whose files the host's"
                  + " Hugging Face cache has")
          .name();

  public static final Setting<String> MODEL_FILE =
      ofEmbedder(Effect.PLACE, "model-file", "FILE", null)
          .says("The ONNX file inside the model directory; otherwise model.onnx or onnx/model.onnx")
          .name();

  public static final Setting<List<Pooling>> POOLING =
      ofEmbedder(Effect.VECTORS, "pooling", "NAME[,NAME...]", null)
          .says(
              "How token states become one vector: "
                  + Pooling.labels()
                  + "; several give a column each; otherwise as the model was trained, its graph's"
                  + " finished vector, or mean")
          .list(Pooling::of);

  public static final Setting<List<Layers>> LAYERS =
      ofEmbedder(Effect.VECTORS, "layers", "LAYERS[,LAYERS...]", "-1")
          .says(
              "Whose token states are pooled: a layer (0 the embeddings, 1 the first, -1 the last),"
                  + " or the mean of several: first+last, last4, 0+-1; several choices give a"
                  + " column each")
          .list(Layers::of);

  public static final Setting<Modules> MODULES =
      ofEmbedder(Effect.VECTORS, "modules", Choice.labels(Modules.class, "|"), null)
          .says(
              "Take pooled vectors through the layers that the model has behind its pooling (Dense,"
                  + " LayerNorm), or leave them out; otherwise as the model does")
          .choice(Modules.class);

  public static final Setting<String> MODEL_OUTPUT =
      ofEmbedder(Effect.VECTORS, "model-output", "NAME", null)
          .says(
              "The output of the graph that vectors are made of: token states, or a finished vector"
                  + " for pooling sentence_embedding; otherwise found by name and width")
          .name();

  public static final Setting<Boolean> CONCAT =
      ofEmbedder(Effect.VECTORS, "concat", SWITCH, "false")
          .says("Join the vectors of several poolings into one, in the order given")
          .toggle();

  public static final Setting<Boolean> TOKEN_STATES =
      ofEmbedder(Effect.STORAGE, "token-states", SWITCH, "false")
          .says(
              "Also keep the state of every token, to be pooled later with pool_tokens; about"
                  + " 4 x hidden size bytes a token")
          .toggle();

  public static final Setting<Boolean> EXCLUDE_SPECIAL_TOKENS =
      ofEmbedder(Effect.VECTORS, "exclude-special-tokens", SWITCH, "false")
          .says("Leave [CLS] and [SEP] out of means and maxima")
          .toggle();

  public static final Setting<Boolean> EXCLUDE_PROMPT =
      ofEmbedder(Effect.VECTORS, "exclude-prompt", SWITCH, "false")
          .says(
              "Leave the prompt's tokens, and [CLS] before them, out of means and maxima; cls is then"
                  + " the first token behind them")
          .toggle();

  public static final Setting<Integer> TRUNCATE_DIM =
      ofEmbedder(Effect.VECTORS, "truncate-dim", "N", "0")
          .says(
              "Keep only the first N values of each vector (Matryoshka), before normalising; 0"
                  + " keeps all; otherwise as the model says, or all")
          .number(0, 1_000_000);

  public static final Setting<Boolean> RESCALE_TRUNCATED =
      ofEmbedder(Effect.VECTORS, "rescale-truncated", SWITCH, "true")
          .says(
              "Normalise what truncate-dim keeps (true), or the whole vector before it is cut, as"
                  + " sentence-transformers does and as holds where the model says itself to how many"
                  + " values it is cut (false)")
          .toggle();

  public static final Setting<Norm> NORMALIZE =
      ofEmbedder(Effect.VECTORS, "normalize", "none|l2", null)
          .says("Scale vectors to length 1 (l2) or leave them (none); otherwise as the model does")
          .parsed(Norm::of);

  public static final Setting<Integer> MAX_LENGTH =
      ofEmbedder(Effect.VECTORS, "max-length", "TOKENS", null)
          .says(
              "The most tokens per text, special tokens included; longer texts are cut and flagged;"
                  + " otherwise the model's limit")
          .number(2, 1_000_000);

  public static final Setting<String> PROMPT =
      ofEmbedder(Effect.VECTORS, "prompt", "NAME|TEXT", null)
          .says(
              "Put before every text: a prompt the model names (query, passage), or literal text,"
                  + " a single word of it in double quotes; 'none' for no prompt")
          .text();

  public static final Setting<Strip> STRIP =
      ofEmbedder(Effect.VECTORS, "strip", Choice.labels(Strip.class, "|"), null)
          .says(
              "White space: around texts left and between words as transformers 5 has it (none), or as"
                  + " sentence-transformers did until 5.3, and so Embark (earlier), for tables made"
                  + " then; matters to other tokenizers than BERT's")
          .choice(Strip.class);

  public static final Setting<Device> DEVICE =
      ofEmbedder(Effect.PLACE, "device", Choice.labels(Device.class, "|"), "auto")
          .says(
              "Where inference runs; auto takes the task's GPU or falls back to the CPU;"
                  + " cuda and tensorrt fail where they cannot be had")
          .parsed(Device::of);

  public static final Setting<Precision> PRECISION =
      ofEmbedder(Effect.VECTORS, "precision", null, Precision.FLOAT.label())
          .says(
              "Numbers that the model multiplies on a CPU: float, as its file has them, or int8,"
                  + " which is made and measured when the model is loaded, faster and close to"
                  + " float")
          .choice(Precision.class);

  public static final Setting<Integer> TOKEN_BUDGET =
      ofEmbedder(Effect.SPEED, "token-budget", "TOKENS", AUTO)
          .says("The most padded tokens in a batch; auto is 1024 on a CPU and 16384 on a GPU")
          .automatic(1, 100_000_000);

  public static final Setting<Integer> INTRA_OP_THREADS =
      ofEmbedder(Effect.SPEED, "intra-op-threads", "N", AUTO)
          .says(
              "Threads that share the work of one batch on a CPU; auto is one where a task has one"
                  + " CPU, and lends the cores of idle task slots to the batches of the others")
          .automatic(1, 1024);

  public static final Setting<Integer> BUFFER_ROWS =
      ofEmbedder(Effect.SPEED, "buffer-rows", "ROWS", "2048")
          .says("Rows a task holds to sort by length before cutting batches")
          .number(1, 10_000_000);

  public static final Setting<Integer> BUFFER_CHARS =
      ofEmbedder(Effect.SPEED, "buffer-chars", "CHARS", "4000000")
          .says("Characters of text after which a task reads no further rows into its buffer")
          .number(1, 1_000_000_000);

  /** Empty is {@link #AUTO}. */
  public static final Setting<OptionalInt> PREFETCH =
      ofEmbedder(Effect.SPEED, "prefetch", "auto|N", AUTO)
          .says(
              "Buffers that a task reads and tokenises ahead while the model works on another, so"
                  + " that it holds N + 1 of them; auto is 2 on a GPU and 0 on a CPU, whose cores"
                  + " the model fills")
          .parsed(
              text ->
                  text.strip().equalsIgnoreCase(AUTO)
                      ? OptionalInt.empty()
                      : OptionalInt.of(number(text, 0, 64)));

  public static final Setting<Padding> PADDING =
      ofEmbedder(Effect.SPEED, "padding", null, AUTO)
          .says(
              "Whether a batch holds texts of different lengths; auto batches texts of one length"
                  + " on a CPU if the model's attention is recognised, which then needs no mask and"
                  + " is faster on long texts")
          .choice(Padding.class);

  public static final Setting<ShapeBuckets> SHAPE_BUCKETS =
      ofEmbedder(Effect.SPEED, "shape-buckets", null, AUTO)
          .says(
              "Round the shapes of batches up so that few different ones occur and a GPU's memory"
                  + " stops growing; auto is on on a GPU and off on a CPU")
          .choice(ShapeBuckets.class);

  public static final Setting<OnRowError> ON_ROW_ERROR =
      ofEmbedder(Effect.STORAGE, "on-row-error", null, "fail")
          .says(
              "When the model fails on a text: fail the task, or give the text a null vector and"
                  + " the status FAILED; a text that alone does not fit into memory always gets"
                  + " that status")
          .choice(OnRowError.class);

  public static final Setting<Long> GPU_MEMORY_LIMIT =
      ofEmbedder(Effect.SPEED, "gpu-memory-limit", "SIZE", "none")
          .says(
              "The most memory of a GPU that a session's arena takes, e.g. 8g or 6000m; cuBLAS and"
                  + " CUDA's own context come on top")
          .parsed(SettingDeclaration::bytes);

  public static final Setting<GpuOptions.Arena> GPU_ARENA =
      ofEmbedder(Effect.SPEED, "gpu-arena", null, GpuOptions.Arena.SAME_AS_REQUESTED.label())
          .says(
              "How much memory a session takes from a GPU when it must grow: what the batch needs,"
                  + " or twice as much each time")
          .choice(GpuOptions.Arena.class);

  public static final Setting<Boolean> GPU_TF32 =
      ofEmbedder(Effect.STORAGE, "gpu-tf32", SWITCH, "false")
          .says(
              "Multiply float32 matrices on tensor cores with 10 bits of mantissa (Ampere or"
                  + " newer): faster, but vectors differ from a CPU's in the third or fourth digit")
          .toggle();

  public static final Setting<GpuOptions.ConvSearch> GPU_CONV_SEARCH =
      ofEmbedder(Effect.SPEED, "gpu-conv-search", null, GpuOptions.ConvSearch.HEURISTIC.label())
          .says(
              "How cuDNN finds an algorithm for convolutions, which most encoders have none of;"
                  + " exhaustive tries all anew for every shape")
          .choice(GpuOptions.ConvSearch.class);

  public static final Setting<String> GPU_TENSORRT_CACHE =
      ofEmbedder(Effect.PLACE, "gpu-tensorrt-cache", "DIR", AUTO)
          .says(
              "Directory on each executor's host where device tensorrt keeps compiled engines, in a"
                  + " folder per model; auto is embark-tensorrt in the system's temporary"
                  + " directory")
          .name();

  public static final Setting<Boolean> GPU_TENSORRT_FP16 =
      ofEmbedder(Effect.STORAGE, "gpu-tensorrt-fp16", SWITCH, "false")
          .says("Let TensorRT compute in float16 where it finds that faster")
          .toggle();

  /** 0 stands for {@link #AUTO}, infinity for off. */
  public static final Setting<Double> CANARY =
      ofEmbedder(Effect.SPEED, "canary", "auto|off|DISTANCE", AUTO)
          .says(
              "How far, in cosine distance, the vectors that an executor gives for a few known"
                  + " sentences may be from the expected ones before the job stops; auto allows"
                  + " what the executor's device explains")
          .parsed(SettingDeclaration::distance);

  /** Every setting, in the order of help and documentation: as declared above. */
  public static final List<Setting<?>> ALL = List.copyOf(DECLARED);

  /**
   * Begins a setting of a job.
   *
   * @param argument null for the labels of a choice
   */
  public static SettingDeclaration declare(
      Effect effect, String key, String argument, String defaultText) {
    return new SettingDeclaration(effect, key, argument, defaultText, new ArrayList<>());
  }

  /** A setting of a job that reads vectors. */
  public static SettingDeclaration declare(String key, String argument, String defaultText) {
    return declare(Effect.REPORT, key, argument, defaultText);
  }

  private static SettingDeclaration ofEmbedder(
      Effect effect, String key, String argument, String defaultText) {
    return new SettingDeclaration(effect, key, argument, defaultText, DECLARED);
  }

  /**
   * Reads a value.
   *
   * @throws UserError with key, found and wanted
   */
  public T parse(String text) {
    try {
      return parser.apply(text);
    } catch (UserError e) {
      throw new UserError("%s: %s".formatted(key, e.getMessage()), e);
    }
  }

  /** The name in code, e.g. {@code maxLength} for {@code max-length}. */
  public String paramName() {
    StringBuilder name = new StringBuilder();
    for (String word : key.split("-")) {
      name.append(
          name.isEmpty()
              ? word
              : word.substring(0, 1).toUpperCase(Locale.ROOT) + word.substring(1));
    }
    return name.toString();
  }

  /** The default in words. */
  public String defaultInWords() {
    return defaultText == null ? "from the model" : defaultText.isEmpty() ? "none" : defaultText;
  }

  /**
   * Parses a switch.
   *
   * @throws UserError with found and wanted
   */
  public static boolean yesOrNo(String text) {
    if (text.strip().equalsIgnoreCase("true") || text.strip().equalsIgnoreCase("false")) {
      return Boolean.parseBoolean(text.strip());
    }
    throw new UserError("found '" + text + "', wanted true or false.");
  }

  /**
   * A whole number, underscores between its digits allowed.
   *
   * @throws UserError with what was found and the range
   */
  public static int number(String text, int least, int most) {
    return Math.toIntExact(number(text, (long) least, most));
  }

  /** {@link #number(String, int, int)} for larger ones. */
  public static long number(String text, long least, long most) {
    try {
      long value = Long.parseLong(text.strip().replace("_", ""));
      if (value >= least && value <= most) {
        return value;
      }
    } catch (NumberFormatException e) {
      // Reported below together with numbers out of range.
    }
    throw new UserError(
        "found '%s', wanted a whole number from %d to %d.".formatted(text, least, most));
  }

  /** {@link #number}, or 0 for {@link #AUTO}. */
  public static int automatic(String text, int least, int most) {
    return text.strip().equalsIgnoreCase(AUTO) ? 0 : number(text, least, most);
  }

  @Override
  public String toString() {
    return key;
  }
}
