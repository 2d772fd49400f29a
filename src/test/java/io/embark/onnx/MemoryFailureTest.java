package io.embark.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtException.OrtErrorCode;
import io.embark.batch.Batch;
import io.embark.onnx.graph.GraphOutput.PooledOutput;
import io.embark.onnx.graph.GraphOutput.TokenStatesOutput;
import io.embark.onnx.graph.PooledGraph.PoolingMask;
import io.embark.pooling.Pooling;
import io.embark.testing.TinyModels;
import io.embark.token.Tokens;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MemoryFailureTest {
  @TempDir Path directory;

  private static boolean is(String message) {
    return EncodingException.isOutOfMemory(new OrtException(OrtErrorCode.ORT_FAIL, message));
  }

  /** As people have met them; issues of microsoft/onnxruntime, unless said otherwise. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        // 9939
        FaultyEncoder.ARENA_FULL,
        // bfc_arena.cc with gpu_mem_limit
        "Non-zero status code returned while running MatMul node. Status Message: Available memory"
            + " of 1048576 is smaller than requested bytes of 8388608",
        // hacksider/Deep-Live-Cam 584
        "cuda_call.cc:114 onnxruntime::CudaCall CUDA failure 2: out of memory ; GPU=0 ;"
            + " expr=cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking);",
        "CUBLAS failure 3: CUBLAS_STATUS_ALLOC_FAILED ; GPU=0 ;"
            + " expr=cublasCreate(&cublas_handle_);",
        "CUDNN failure 4: CUDNN_STATUS_ALLOC_FAILED ; GPU=0",
        // 10770, TensorRT
        "../rtSafe/safeRuntime.cpp (25) - Cuda Error in allocate: 2 (out of memory)",
        "std::bad_alloc",
        "bad allocation"
      })
  void whatIsSaidWhenMemoryDoesNotSuffice(String message) {
    assertThat(is(message)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Non-zero status code returned while running Gather node. Status Message: indices element"
            + " out of data bounds, idx=30521 must be within the inclusive range [-1000,999]",
        "CUDA failure 700: an illegal memory access was encountered ; GPU=0",
        "Exiting due to terminate flag being set to true.",
        "OrtValue shape verification failed. Current shape:{1,5} Requested shape:{1,4}"
      })
  void otherFailuresAreNotOfMemory(String message) {
    assertThat(is(message)).isFalse();
  }

  @Test
  void ofAGraphThatReallyAsksForTooMuch() {
    Path model =
        TinyModels.graph().hiddenSize(4).outOfMemoryAbove(20).write(directory.resolve("m.onnx"));
    List<PooledOutput> mean = List.of(PooledOutput.of("mean_vector", Pooling.MEAN));
    try (OnnxEncoder encoder = Encoders.open(model, mean, PoolingMask.ATTENTION)) {
      assertThat(Encoders.encode(encoder, batch(4, 5), null).get(0))
          .hasSize(16)
          .doesNotContain(Float.NaN);
      assertThatThrownBy(() -> Encoders.encode(encoder, batch(5, 5), null))
          .isInstanceOfSatisfying(
              EncodingException.class,
              e -> assertThat(e.reason()).isEqualTo(EncodingException.Reason.MEMORY))
          .hasMessageContaining("Failed to allocate memory for requested buffer")
          .hasMessageContaining("5 rows x 5 tokens on cpu");
      assertThat(Encoders.encode(encoder, batch(4, 5), null).get(0)).hasSize(16);
    }
  }

  @Test
  void outputsThatFitNoBufferCountAsTooLittleMemory() {
    Path model = TinyModels.graph().hiddenSize(4096).write(directory.resolve("m.onnx"));
    List<TokenStatesOutput> states =
        List.of(new TokenStatesOutput("states", io.embark.pooling.Layers.LAST));
    try (OnnxEncoder encoder = Encoders.open(model, states, PoolingMask.ATTENTION)) {
      // 400 x 400 x 4096 floats are more than 2 GiB.
      assertThatThrownBy(() -> Encoders.encode(encoder, batch(400, 400), null))
          .isInstanceOfSatisfying(
              EncodingException.class,
              e -> assertThat(e.reason()).isEqualTo(EncodingException.Reason.MEMORY))
          .hasMessageContaining("2 GiB");
    }
  }

  static Batch batch(int rows, int length) {
    return Batch.of(
        Collections.nCopies(rows, new Tokens(new long[length], length)),
        IntStream.range(0, rows).toArray(),
        0);
  }
}
