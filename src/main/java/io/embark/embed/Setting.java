package io.embark.embed;

import io.embark.Choice;
import io.embark.UserError;
import io.embark.onnx.Device;
import io.embark.onnx.GpuOptions;
import io.embark.onnx.Precision;
import io.embark.pooling.Layers;
import io.embark.pooling.Norm;
import io.embark.pooling.Pooling;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Function;

/**
 * One thing about embedding that a user can set, declared once: the command line, configuration
 * files, the Spark ML params, their checks and their documentation all come from here.
 *
 * @param effect what it changes about a run, from which keys of runs, checks of appended rows,
 *     checks of comparisons and the metadata of vector columns follow
 * @param key name in files and, with two dashes before it, on the command line
 * @param argument what stands for the value in help texts; names the unit
 * @param defaultText the default as text, or null when the model decides
 * @param description one sentence, without a full stop
 * @param parser text to value; throws IllegalArgumentException with the reason
 */
public record Setting<T>(
    Effect effect,
    String key,
    String argument,
    String defaultText,
    String description,
    Function<String, T> parser) {

  /** What a setting changes. */
  public enum Effect {
    /** The vectors that a text gets. */
    VECTORS,
    /** Rows and columns that are written, or how exact their numbers are; vectors compare. */
    STORAGE,
    /** How fast a run is, when it stops and what it shows; nothing that it writes. */
    SPEED,
    /** Where a run reads, works and puts what it makes; nothing that it makes. */
    PLACE;

    /** Whether what a run writes depends on it. */
    public boolean isWritten() {
      return this == VECTORS || this == STORAGE;
    }
  }

  private static final List<Setting<?>> DECLARED = new ArrayList<>();

  /** The value that leaves a number to Embark. */
  public static final String AUTO = "auto";

  /** The argument of a setting that is on or off. */
  public static final String SWITCH = "true|false";

  public static final Setting<String> MODEL =
      declare(
          Effect.PLACE,
          "model",
          "builtin:NAME|DIR|URI",
          "builtin:all-MiniLM-L6-v2",
          "The model: a built-in; a directory with an ONNX file and tokenizer.json, or a .zip or"
              + " .tar.gz of one, as a path, a URI of any Hadoop file system (hdfs://, s3a://),"
              + " spark-files:NAME (sent with --files or --archives) or classpath:PATH",
          Setting::nonBlank);

  public static final Setting<String> MODEL_FILE =
      declare(
          Effect.PLACE,
          "model-file",
          "FILE",
          null,
          "The ONNX file inside the model directory; otherwise model.onnx or onnx/model.onnx",
          Setting::nonBlank);

  public static final Setting<List<Pooling>> POOLING =
      declare(
          Effect.VECTORS,
          "pooling",
          "NAME[,NAME...]",
          null,
          "How token states become one vector: "
              + Pooling.labels()
              + "; several give a column each; otherwise as the model was trained, or mean",
          text -> list(text, Pooling::of));

  public static final Setting<List<Layers>> LAYERS =
      declare(
          Effect.VECTORS,
          "layers",
          "LAYERS[,LAYERS...]",
          "-1",
          "Whose token states are pooled: a layer (0 the embeddings, 1 the first, -1 the last), or"
              + " the mean of several: first+last, last4, 0+-1; several choices give a column each",
          text -> list(text, Layers::of));

  public static final Setting<Boolean> CONCAT =
      toggle(
          Effect.VECTORS,
          "concat",
          "Join the vectors of several poolings into one, in the order given");

  public static final Setting<Boolean> TOKEN_STATES =
      toggle(
          Effect.STORAGE,
          "token-states",
          "Also keep the state of every token, to be pooled later with pool_tokens; about"
              + " 4 x hidden size bytes a token");

  public static final Setting<Boolean> EXCLUDE_SPECIAL_TOKENS =
      toggle(
          Effect.VECTORS,
          "exclude-special-tokens",
          "Leave [CLS] and [SEP] out of means and maxima");

  public static final Setting<Boolean> EXCLUDE_PROMPT =
      toggle(
          Effect.VECTORS,
          "exclude-prompt",
          "Leave the prompt's tokens, and [CLS] before them, out of means and maxima");

  public static final Setting<Integer> TRUNCATE_DIM =
      declare(
          Effect.VECTORS,
          "truncate-dim",
          "N",
          "0",
          "Keep only the first N values of each vector (Matryoshka), before normalising; 0 keeps"
              + " all",
          text -> number(text, 0, 1_000_000));

  public static final Setting<Norm> NORMALIZE =
      declare(
          Effect.VECTORS,
          "normalize",
          "none|l2",
          null,
          "Scale vectors to length 1 (l2) or leave them (none); otherwise as the model does",
          Norm::of);

  public static final Setting<Integer> MAX_LENGTH =
      declare(
          Effect.VECTORS,
          "max-length",
          "TOKENS",
          null,
          "The most tokens per text, special tokens included; longer texts are cut and flagged;"
              + " otherwise the model's limit",
          text -> number(text, 2, 1_000_000));

  public static final Setting<String> PROMPT =
      declare(
          Effect.VECTORS,
          "prompt",
          "NAME|TEXT",
          null,
          "Put before every text: a prompt the model names (query, passage), or literal text ending"
              + " in a space or colon; 'none' for no prompt",
          text -> text);

  public static final Setting<Device> DEVICE =
      declare(
          Effect.PLACE,
          "device",
          Choice.labels(Device.class, "|"),
          "auto",
          "Where inference runs; auto takes the task's GPU or falls back to the CPU;"
              + " cuda and tensorrt fail where they cannot be had",
          Device::of);

  public static final Setting<Precision> PRECISION =
      choice(
          Effect.VECTORS,
          "precision",
          Precision.FLOAT.label(),
          "Numbers that the model multiplies on a CPU: float, as its file has them, or int8, which"
              + " is made and measured when the model is loaded, faster and close to float",
          Precision.class);

  public static final Setting<Integer> TOKEN_BUDGET =
      declare(
          Effect.SPEED,
          "token-budget",
          "TOKENS",
          AUTO,
          "The most padded tokens in a batch; auto is 1024 on a CPU and 16384 on a GPU",
          text -> automatic(text, 1, 100_000_000));

  public static final Setting<Integer> INTRA_OP_THREADS =
      declare(
          Effect.SPEED,
          "intra-op-threads",
          "N",
          AUTO,
          "Threads that share the work of one batch on a CPU; auto is one where a task has one CPU,"
              + " and lends the cores of idle task slots to the batches of the others",
          text -> automatic(text, 1, 1024));

  public static final Setting<Integer> BUFFER_ROWS =
      declare(
          Effect.SPEED,
          "buffer-rows",
          "ROWS",
          "2048",
          "Rows a task holds to sort by length before cutting batches",
          text -> number(text, 1, 10_000_000));

  public static final Setting<Integer> BUFFER_CHARS =
      declare(
          Effect.SPEED,
          "buffer-chars",
          "CHARS",
          "4000000",
          "Characters of text after which a task reads no further rows into its buffer",
          text -> number(text, 1, 1_000_000_000));

  /** Empty is {@link #AUTO}. */
  public static final Setting<OptionalInt> PREFETCH =
      declare(
          Effect.SPEED,
          "prefetch",
          "auto|N",
          AUTO,
          "Buffers that a task reads and tokenises ahead while the model works on another, so that"
              + " it holds N + 1 of them; auto is 2 on a GPU and 0 on a CPU, whose cores the model"
              + " fills",
          text ->
              text.strip().equalsIgnoreCase(AUTO)
                  ? OptionalInt.empty()
                  : OptionalInt.of(number(text, 0, 64)));

  public static final Setting<Padding> PADDING =
      choice(
          Effect.SPEED,
          "padding",
          AUTO,
          "Whether a batch holds texts of different lengths; auto batches texts of one length on a"
              + " CPU if the model's attention is recognised, which then needs no mask and is"
              + " faster on long texts",
          Padding.class);

  public static final Setting<ShapeBuckets> SHAPE_BUCKETS =
      choice(
          Effect.SPEED,
          "shape-buckets",
          AUTO,
          "Round the shapes of batches up so that few different ones occur and a GPU's memory stops"
              + " growing; auto is on on a GPU and off on a CPU",
          ShapeBuckets.class);

  public static final Setting<OnRowError> ON_ROW_ERROR =
      choice(
          Effect.STORAGE,
          "on-row-error",
          "fail",
          "When the model fails on a text: fail the task, or give the text a null vector and the"
              + " status FAILED; a text that alone does not fit into memory always gets that"
              + " status",
          OnRowError.class);

  public static final Setting<Long> GPU_MEMORY_LIMIT =
      declare(
          Effect.SPEED,
          "gpu-memory-limit",
          "SIZE",
          "none",
          "The most memory of a GPU that a session's arena takes, e.g. 8g or 6000m; cuBLAS and"
              + " CUDA's own context come on top",
          Setting::bytes);

  public static final Setting<GpuOptions.Arena> GPU_ARENA =
      choice(
          Effect.SPEED,
          "gpu-arena",
          GpuOptions.Arena.SAME_AS_REQUESTED.label(),
          "How much memory a session takes from a GPU when it must grow: what the batch needs, or"
              + " twice as much each time",
          GpuOptions.Arena.class);

  public static final Setting<Boolean> GPU_TF32 =
      toggle(
          Effect.STORAGE,
          "gpu-tf32",
          "Multiply float32 matrices on tensor cores with 10 bits of mantissa (Ampere or newer):"
              + " faster, but vectors differ from a CPU's in the third or fourth digit");

  public static final Setting<GpuOptions.ConvSearch> GPU_CONV_SEARCH =
      choice(
          Effect.SPEED,
          "gpu-conv-search",
          GpuOptions.ConvSearch.HEURISTIC.label(),
          "How cuDNN finds an algorithm for convolutions, which most encoders have none of;"
              + " exhaustive tries all anew for every shape",
          GpuOptions.ConvSearch.class);

  public static final Setting<String> GPU_TENSORRT_CACHE =
      declare(
          Effect.PLACE,
          "gpu-tensorrt-cache",
          "DIR",
          AUTO,
          "Directory on each executor's host where device tensorrt keeps compiled engines, in a"
              + " folder per model; auto is embark-tensorrt in the system's temporary directory",
          Setting::nonBlank);

  public static final Setting<Boolean> GPU_TENSORRT_FP16 =
      toggle(
          Effect.STORAGE,
          "gpu-tensorrt-fp16",
          "Let TensorRT compute in float16 where it finds that faster");

  /** 0 stands for {@link #AUTO}, infinity for off. */
  public static final Setting<Double> CANARY =
      declare(
          Effect.SPEED,
          "canary",
          "auto|off|DISTANCE",
          AUTO,
          "How far, in cosine distance, the vectors that an executor gives for a few known"
              + " sentences may be from the expected ones before the job stops; auto allows what"
              + " the executor's device explains",
          Setting::distance);

  /** Every setting, in the order of help and documentation: as declared above. */
  public static final List<Setting<?>> ALL = List.copyOf(DECLARED);

  /** A setting of a job that makes no vectors of its own; where it does, taken to change them. */
  public Setting(
      String key,
      String argument,
      String defaultText,
      String description,
      Function<String, T> parser) {
    this(Effect.VECTORS, key, argument, defaultText, description, parser);
  }

  /** A setting of a job whose value is any text. */
  public static Setting<String> text(
      String key, String argument, String defaultText, String description) {
    return new Setting<>(key, argument, defaultText, description, value -> value);
  }

  /** A setting of a job whose value is a whole number between two, both included. */
  public static Setting<Integer> number(
      String key, String argument, String defaultText, int least, int most, String description) {
    return new Setting<>(
        key, argument, defaultText, description, text -> number(text, least, most));
  }

  private static <T> Setting<T> declare(
      Effect effect,
      String key,
      String argument,
      String defaultText,
      String description,
      Function<String, T> parser) {
    Setting<T> setting = new Setting<>(effect, key, argument, defaultText, description, parser);
    DECLARED.add(setting);
    return setting;
  }

  private static Setting<Boolean> toggle(Effect effect, String key, String description) {
    return declare(effect, key, SWITCH, "false", description, Setting::yesOrNo);
  }

  private static <E extends Enum<E> & Choice> Setting<E> choice(
      Effect effect, String key, String defaultText, String description, Class<E> type) {
    return declare(
        effect,
        key,
        Choice.labels(type, "|"),
        defaultText,
        description,
        text -> Choice.of(type, text));
  }

  /**
   * Reads a value.
   *
   * @throws UserError with key, found and wanted
   */
  public T parse(String text) {
    try {
      return parser.apply(text);
    } catch (IllegalArgumentException e) {
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

  private static String nonBlank(String text) {
    if (text.isBlank()) {
      throw new UserError("found an empty value, wanted a name or path.");
    }
    return text.strip();
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

  private static <E> List<E> list(String text, Function<String, E> element) {
    List<E> elements = Arrays.stream(text.split(",", -1)).map(element).toList();
    if (Set.copyOf(elements).size() < elements.size()) {
      throw new UserError("found '" + text + "', wanted each only once.");
    }
    return elements;
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

  private static double distance(String text) {
    String value = text.strip().toLowerCase(Locale.ROOT);
    if (value.equals(AUTO) || value.equals("off")) {
      return value.equals(AUTO) ? 0 : Double.POSITIVE_INFINITY;
    }
    try {
      double distance = Double.parseDouble(value);
      if (distance > 0 && distance <= 1) {
        return distance;
      }
    } catch (NumberFormatException e) {
      // Reported below together with numbers out of range.
    }
    throw new UserError(
        "found '%s', wanted auto, off, or a number above 0 and up to 1.".formatted(text));
  }

  /** Bytes, 0 for none. */
  private static long bytes(String text) {
    String size = text.strip().toLowerCase(Locale.ROOT);
    if (size.equals("none")) {
      return 0;
    }
    if (size.matches("[1-9][0-9]{0,8}[mg]")) {
      long number = Long.parseLong(size.substring(0, size.length() - 1));
      return number << (size.endsWith("g") ? 30 : 20);
    }
    throw new UserError(
        "found '" + text + "', wanted a size such as 8g or 6000m (1024-based), or none.");
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
