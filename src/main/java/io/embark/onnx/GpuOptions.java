package io.embark.onnx;

import io.embark.Choice;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Options of a session on a GPU; none matters on a CPU.
 *
 * @param memoryLimit bytes that the session's arena takes at most; 0 for all there is. cuBLAS and
 *     CUDA's own context (some hundred megabytes) come on top
 * @param arena how much the arena takes when it must grow
 * @param tf32 whether float32 products may be made with 10 bits of mantissa, on Ampere or newer
 * @param convSearch how cuDNN finds an algorithm for convolutions, which BERT has none of
 */
public record GpuOptions(
    long memoryLimit, Arena arena, boolean tf32, ConvSearch convSearch, TensorRt tensorRt) {
  public static final GpuOptions DEFAULT =
      new GpuOptions(0, Arena.SAME_AS_REQUESTED, false, ConvSearch.HEURISTIC, TensorRt.DEFAULT);

  public enum Arena implements Choice {
    /** As much as the batch needs. */
    SAME_AS_REQUESTED,
    /** A power of two, twice as much each time: fewer calls, up to half of it never used. */
    NEXT_POWER_OF_TWO
  }

  public enum ConvSearch implements Choice {
    /** By rules. */
    HEURISTIC,
    /** By trying all, anew for every shape. */
    EXHAUSTIVE,
    /** One for all shapes. */
    DEFAULT
  }

  /**
   * Options of the compilation by TensorRT.
   *
   * @param cache folder for compiled engines, of one model only: ONNX Runtime names an engine by
   *     the nodes of its graph, which two models with other weights share; null for none
   * @param fp16 whether it may compute in float16
   * @param tokenBudget the tokens of a usual batch, for which it optimises
   */
  public record TensorRt(Path cache, boolean fp16, int maxRows, int maxLength, int tokenBudget) {
    /** For a device that is not TensorRT. */
    public static final TensorRt DEFAULT = new TensorRt(null, false, 1, 2, 2);

    /** As ONNX Runtime's TensorRT provider names them, for inputs {@code [rows, length]}. */
    Map<String, String> options(List<String> inputs, long workspace) {
      Map<String, String> options = new LinkedHashMap<>();
      // Smaller parts of a graph are left to CUDA.
      options.put("trt_min_subgraph_size", "5");
      options.put("trt_fp16_enable", fp16 ? "1" : "0");
      if (workspace > 0) {
        options.put("trt_max_workspace_size", Long.toString(workspace));
      }
      if (cache != null) {
        options.put("trt_engine_cache_enable", "1");
        options.put("trt_engine_cache_path", cache.toString());
        options.put("trt_timing_cache_enable", "1");
        options.put("trt_timing_cache_path", cache.toString());
      }
      // One engine for every shape: without a profile each new shape would compile for minutes.
      int usualLength = Math.max(1, maxLength / 2);
      int usualRows = Math.max(1, Math.min(maxRows, tokenBudget / usualLength));
      options.put("trt_profile_min_shapes", shapes(inputs, 1, 1));
      options.put("trt_profile_opt_shapes", shapes(inputs, usualRows, usualLength));
      options.put("trt_profile_max_shapes", shapes(inputs, maxRows, maxLength));
      return options;
    }

    private static String shapes(List<String> inputs, int rows, int length) {
      return String.join(
          ",", inputs.stream().map(name -> name + ":" + rows + "x" + length).toList());
    }
  }

  /** As ONNX Runtime's CUDA provider names them, without {@code device_id}. */
  Map<String, String> cuda() {
    Map<String, String> options = new LinkedHashMap<>();
    if (memoryLimit > 0) {
      options.put("gpu_mem_limit", Long.toString(memoryLimit));
    }
    boolean exact = arena == Arena.SAME_AS_REQUESTED;
    options.put("arena_extend_strategy", exact ? "kSameAsRequested" : "kNextPowerOfTwo");
    options.put("cudnn_conv_algo_search", convSearch.name());
    options.put("use_tf32", tf32 ? "1" : "0");
    // Graphs replay fixed addresses, which only tensors bound on the device have.
    options.put("enable_cuda_graph", "0");
    return options;
  }
}
