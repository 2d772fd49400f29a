package io.embark.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.embark.batch.Batch;
import io.embark.onnx.graph.GraphOutput;
import io.embark.onnx.graph.GraphOutput.PooledOutput;
import io.embark.onnx.graph.GraphOutput.TokenStatesOutput;
import io.embark.onnx.graph.PooledGraph.PoolingMask;
import io.embark.pooling.Layers;
import io.embark.pooling.Pooling;
import io.embark.token.Tokens;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Memory of the native side is kept between batches, and nothing of one batch shows in another. */
class BuffersTest {
  private static final List<GraphOutput> OUTPUTS =
      List.of(
          PooledOutput.of("mean_vector", Pooling.MEAN),
          PooledOutput.of("max_vector", Pooling.MAX),
          new TokenStatesOutput("states", Layers.LAST));

  @TempDir Path directory;

  private OnnxEncoder open() throws IOException {
    Path model = BertModels.copy("onnx/bert-opset14.onnx", directory);
    return Encoders.open(model, OUTPUTS, PoolingMask.SEPARATE);
  }

  /** Batches of 1 to 20 rows of 1 to 30 tokens, large and small ones mixed. */
  private static List<Batch> batches(int count) {
    Random random = new Random(11);
    List<Batch> batches = new ArrayList<>();
    for (int b = 0; b < count; b++) {
      List<Tokens> texts = new ArrayList<>();
      for (int r = 1 + random.nextInt(20); r > 0; r--) {
        long[] ids = random.longs(1 + random.nextInt(30), 1, 60).toArray();
        texts.add(new Tokens(ids, ids.length));
      }
      batches.add(Batch.of(texts, IntStream.range(0, texts.size()).toArray(), 0));
    }
    return batches;
  }

  private static List<float[]> encode(OnnxEncoder encoder, Batch batch) {
    return Encoders.encode(encoder, batch, batch.poolingMask(1, 1));
  }

  private static void assertSame(List<float[]> found, List<float[]> wanted) {
    assertThat(found).hasSameSizeAs(wanted);
    for (int i = 0; i < wanted.size(); i++) {
      assertThat(Arrays.equals(found.get(i), wanted.get(i))).isTrue();
    }
  }

  @Test
  void everyBatchGivesWhatItGivesInBuffersOfItsOwn() throws IOException {
    List<Batch> batches = batches(40);
    try (OnnxEncoder used = open()) {
      for (Batch batch : batches) {
        List<float[]> found = encode(used, batch);
        assertThat(found.get(2)).hasSize(batch.paddedTokens() * BertModels.HIDDEN);
        try (OnnxEncoder fresh = open()) {
          assertSame(found, encode(fresh, batch));
        }
      }
    }
  }

  @Test
  void onceGrownNothingIsAllocated() throws IOException {
    List<Batch> batches = batches(60);
    try (OnnxEncoder encoder = open()) {
      batches.forEach(batch -> encode(encoder, batch));
      long grown = encoder.pool.allocations.sum();
      // Four inputs and three outputs, each doubled a few times at most.
      assertThat(grown).isBetween(7L, 40L);
      batches.forEach(batch -> encode(encoder, batch));
      assertThat(encoder.pool.allocations.sum()).isEqualTo(grown);
    }
  }

  @Test
  @Timeout(120)
  void threadsShareNoBuffer() throws Exception {
    List<Batch> batches = batches(24);
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try (OnnxEncoder encoder = open()) {
      List<List<float[]>> wanted = batches.stream().map(batch -> encode(encoder, batch)).toList();
      CyclicBarrier together = new CyclicBarrier(4);
      List<Future<?>> done = new ArrayList<>();
      for (int t = 0; t < 4; t++) {
        int first = t * 6;
        done.add(
            threads.submit(
                () -> {
                  together.await();
                  for (int i = 0; i < 3 * batches.size(); i++) {
                    int batch = (first + i) % batches.size();
                    assertSame(encode(encoder, batches.get(batch)), wanted.get(batch));
                  }
                  return null;
                }));
      }
      for (Future<?> thread : done) {
        thread.get(100, TimeUnit.SECONDS);
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void theViewsAreOneMemoryUsedAgain() throws IOException {
    Batch batch = batches(1).get(0);
    AtomicReference<FloatBuffer> before = new AtomicReference<>();
    try (OnnxEncoder encoder = open()) {
      long[] mask = batch.poolingMask(1, 1);
      encoder.encode(
          batch,
          mask,
          new Cancellation(),
          values -> {
            assertThat(values.get(0).isDirect()).isTrue();
            before.set(values.get(0));
            return null;
          });
      float kept = before.get().get(0);
      before.get().put(0, 12345f);
      encoder.encode(
          batch,
          mask,
          new Cancellation(),
          values -> {
            assertThat(values.get(0).get(0)).isEqualTo(kept);
            assertThat(before.get().get(0)).isEqualTo(kept);
            return null;
          });
    }
  }

  @Test
  void aReaderThatFailsGivesItsBuffersBack() throws IOException {
    Batch batch = batches(1).get(0);
    try (OnnxEncoder encoder = open()) {
      encode(encoder, batch);
      long allocated = encoder.pool.allocations.sum();
      for (int i = 0; i < 5; i++) {
        assertThatThrownBy(
                () ->
                    encoder.encode(
                        batch,
                        batch.attentionMask(),
                        new Cancellation(),
                        values -> {
                          throw new IllegalArgumentException("reader");
                        }))
            .hasMessage("reader");
      }
      assertThat(encoder.pool.allocations.sum()).isEqualTo(allocated);
    }
  }
}
