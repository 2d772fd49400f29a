package io.embark.onnx;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How TensorRT compiles a graph.
 *
 * @param cache folder for compiled engines, of one model only: ONNX Runtime names an engine by the
 *     nodes of its graph, which two models with other weights share; null for none
 * @param fp16 whether it may compute in float16
 * @param maxRows the most rows of a batch
 * @param maxLength the most tokens of a row
 * @param tokenBudget the tokens of a usual batch, for which it optimises
 */
public record TensorRtOptions(
    Path cache, boolean fp16, int maxRows, int maxLength, int tokenBudget) {
  /** For a device that is not TensorRT. */
  public static final TensorRtOptions DEFAULT = new TensorRtOptions(null, false, 1, 2, 2);

  /** Smaller parts of a graph are left to CUDA. */
  private static final int LEAST_NODES = 5;

  /**
   * As ONNX Runtime's TensorRT provider names them; {@code device_id} is not among them.
   *
   * @param inputs names of the graph's inputs, each {@code [rows, length]}
   */
  Map<String, String> tensorRt(List<String> inputs, long workspace) {
    Map<String, String> options = new LinkedHashMap<>();
    options.put("trt_min_subgraph_size", Integer.toString(LEAST_NODES));
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
    // One engine for every shape: without a profile each new shape would compile anew, for minutes.
    options.put("trt_profile_min_shapes", shapes(inputs, 1, 1));
    options.put("trt_profile_opt_shapes", shapes(inputs, usualRows(), usualLength()));
    options.put("trt_profile_max_shapes", shapes(inputs, maxRows, maxLength));
    return options;
  }

  private int usualLength() {
    return Math.max(1, maxLength / 2);
  }

  private int usualRows() {
    return Math.max(1, Math.min(maxRows, tokenBudget / usualLength()));
  }

  private static String shapes(List<String> inputs, int rows, int length) {
    return String.join(",", inputs.stream().map(name -> name + ":" + rows + "x" + length).toList());
  }
}
