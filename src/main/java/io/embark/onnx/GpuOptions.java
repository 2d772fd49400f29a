package io.embark.onnx;

import io.embark.Choice;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How a session uses a GPU; nothing of it matters on a CPU.
 *
 * @param memoryLimit bytes that the session's arena takes at most; 0 for all there is. cuBLAS and
 *     CUDA's own context (some hundred megabytes) come on top
 * @param arena how much the arena takes when it must grow
 * @param tf32 whether float32 products may be made with 10 bits of mantissa, on Ampere or newer
 * @param convSearch how cuDNN finds an algorithm for convolutions, which BERT has none of
 * @param tensorRt what only TensorRT heeds
 */
public record GpuOptions(
    long memoryLimit, Arena arena, boolean tf32, ConvSearch convSearch, TensorRtOptions tensorRt) {

  /** No limit, as much as is needed, full float32. */
  public static final GpuOptions DEFAULT =
      new GpuOptions(
          0, Arena.SAME_AS_REQUESTED, false, ConvSearch.HEURISTIC, TensorRtOptions.DEFAULT);

  /** How much memory the arena takes from the device when it must grow. */
  public enum Arena implements Choice {
    /** What the batch needs, and no more. */
    SAME_AS_REQUESTED("kSameAsRequested"),
    /** A power of two, twice as much each time: fewer calls, up to half of it never used. */
    NEXT_POWER_OF_TWO("kNextPowerOfTwo");

    private final String nativeName;

    Arena(String nativeName) {
      this.nativeName = nativeName;
    }
  }

  /** How cuDNN finds an algorithm for a convolution. */
  public enum ConvSearch implements Choice {
    /** By rules. */
    HEURISTIC,
    /** By trying all, anew for every shape. */
    EXHAUSTIVE,
    /** One for all shapes. */
    DEFAULT;
  }

  /** As ONNX Runtime's CUDA provider names them; {@code device_id} is not among them. */
  Map<String, String> cuda() {
    Map<String, String> options = new LinkedHashMap<>();
    if (memoryLimit > 0) {
      options.put("gpu_mem_limit", Long.toString(memoryLimit));
    }
    options.put("arena_extend_strategy", arena.nativeName);
    options.put("cudnn_conv_algo_search", convSearch.name());
    options.put("use_tf32", tf32 ? "1" : "0");
    // Replays fixed addresses, which only tensors bound on the device have; said, for it decides.
    options.put("enable_cuda_graph", "0");
    return options;
  }
}
