package io.embark.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/**
 * No GPU takes the options here, as ONNX Runtime reads them only after loading CUDA. What can be
 * told is that the native libraries we ship know every name.
 */
class GpuOptionsTest {
  private static final String NATIVE = "/ai/onnxruntime/native/linux-x64/libonnxruntime_providers_";
  private static final GpuOptions.TensorRt TENSORRT =
      new GpuOptions.TensorRt(Path.of("/cache/model"), true, 128, 512, 16_384);

  @Test
  void theDefaultsAreSaidInFull() {
    assertThat(GpuOptions.DEFAULT.cuda())
        .isEqualTo(
            Map.of(
                "arena_extend_strategy", "kSameAsRequested",
                "cudnn_conv_algo_search", "HEURISTIC",
                "use_tf32", "0",
                "enable_cuda_graph", "0"));
  }

  @Test
  void everyChoiceReachesItsOption() {
    GpuOptions chosen =
        new GpuOptions(
            8L << 30,
            GpuOptions.Arena.NEXT_POWER_OF_TWO,
            true,
            GpuOptions.ConvSearch.EXHAUSTIVE,
            TENSORRT);
    assertThat(chosen.cuda())
        .containsEntry("gpu_mem_limit", "8589934592")
        .containsEntry("arena_extend_strategy", "kNextPowerOfTwo")
        .containsEntry("cudnn_conv_algo_search", "EXHAUSTIVE")
        .containsEntry("use_tf32", "1");
  }

  @Test
  void tensorRtGetsOneProfileForAllShapesOfAllInputs() {
    Map<String, String> options = TENSORRT.options(List.of("input_ids", "attention_mask"), 0);
    assertThat(options)
        .containsEntry("trt_profile_min_shapes", "input_ids:1x1,attention_mask:1x1")
        .containsEntry("trt_profile_opt_shapes", "input_ids:64x256,attention_mask:64x256")
        .containsEntry("trt_profile_max_shapes", "input_ids:128x512,attention_mask:128x512")
        .containsEntry("trt_engine_cache_path", "/cache/model")
        .containsEntry("trt_fp16_enable", "1")
        .doesNotContainKey("trt_max_workspace_size");
    assertThat(TENSORRT.options(List.of(), 1 << 20))
        .containsEntry("trt_max_workspace_size", "1048576");
  }

  @Test
  void theLibrariesKnowEveryNameAndValue() throws IOException {
    Set<String> cuda = new TreeSet<>(GpuOptions.DEFAULT.cuda().keySet());
    cuda.add("gpu_mem_limit");
    cuda.addAll(
        Set.of("kSameAsRequested", "kNextPowerOfTwo", "HEURISTIC", "EXHAUSTIVE", "DEFAULT"));
    assertThat(missing(NATIVE + "cuda.so", cuda)).isEmpty();
    Set<String> tensorRt = new TreeSet<>(TENSORRT.options(List.of("x"), 1).keySet());
    tensorRt.addAll(Set.of("libnvinfer.so.10", "libnvonnxparser.so.10"));
    assertThat(missing(NATIVE + "tensorrt.so", tensorRt)).isEmpty();
    assertThat(missing(NATIVE + "tensorrt.so", Set.of("trt_no_such_option"))).hasSize(1);
  }

  /** Those of the names that stand nowhere in a library as a string of their own. */
  private static Set<String> missing(String library, Set<String> names) throws IOException {
    Set<String> missing = new HashSet<>(names);
    try (InputStream in = GpuOptionsTest.class.getResourceAsStream(library)) {
      // The build without CUDA.
      assumeThat(in).isNotNull();
      byte[] bytes = new byte[1 << 20];
      String tail = "";
      for (int n = in.read(bytes); n > 0 && !missing.isEmpty(); n = in.read(bytes)) {
        String text = tail + new String(bytes, 0, n, StandardCharsets.ISO_8859_1);
        missing.removeIf(name -> text.contains("\0" + name + "\0"));
        tail = text.substring(Math.max(0, text.length() - 100));
      }
    }
    return missing;
  }
}
