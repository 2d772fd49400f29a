package io.embark.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.embark.batch.Batch;
import io.embark.onnx.graph.GraphOutput.PooledOutput;
import io.embark.onnx.graph.PooledGraph.PoolingMask;
import io.embark.pooling.Pooling;
import io.embark.token.Tokens;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class CancellationTest {
  @TempDir Path directory;

  private static Batch batch(int rows, int length) {
    return Batch.of(
        Collections.nCopies(rows, new Tokens(new long[length], length)),
        IntStream.range(0, rows).toArray(),
        0);
  }

  private OnnxEncoder open() throws IOException {
    Path model = BertModels.copy("onnx/bert-opset14.onnx", directory);
    return Encoders.open(
        model, List.of(PooledOutput.of("mean_vector", Pooling.MEAN)), PoolingMask.ATTENTION);
  }

  @Test
  @Timeout(60)
  void aRunningBatchEndsAndTheSessionStaysUsable() throws Exception {
    // Minutes of work, of which each operator is a small part.
    Batch endless = batch(60_000, 30);
    Cancellation cancellation = new Cancellation();
    ExecutorService thread = Executors.newSingleThreadExecutor();
    try (OnnxEncoder encoder = open()) {
      List<float[]> before = Encoders.encode(encoder, batch(2, 5), null);
      Future<?> running =
          thread.submit(() -> encoder.encode(endless, null, cancellation, values -> null));
      Thread.sleep(200);
      assertThat(running).isNotDone();
      cancellation.cancel();
      assertThatThrownBy(() -> running.get(30, TimeUnit.SECONDS))
          .cause()
          .isInstanceOfSatisfying(
              EncodingException.class,
              e -> assertThat(e.reason()).isEqualTo(EncodingException.Reason.CANCELLED));
      assertThat(Encoders.encode(encoder, batch(2, 5), null).get(0)).containsExactly(before.get(0));
    } finally {
      thread.shutdownNow();
    }
  }

  @Test
  void nothingRunsUnderACancelledHandle() throws IOException {
    Cancellation cancellation = new Cancellation();
    try (OnnxEncoder encoder = open()) {
      encoder.encode(batch(1, 3), null, cancellation, values -> null);
      assertThat(cancellation.isCancelled()).isFalse();
      cancellation.cancel();
      cancellation.cancel();
      assertThatThrownBy(() -> encoder.encode(batch(1, 3), null, cancellation, values -> null))
          .isInstanceOf(EncodingException.class)
          .hasMessageContaining("Cancelled");
    }
  }
}
