package io.embark.onnx;

import ai.onnxruntime.OrtException;
import io.embark.batch.Batch;
import io.embark.bench.SampleTexts;
import io.embark.onnx.graph.PooledGraph;
import java.nio.FloatBuffer;
import java.util.concurrent.atomic.LongAdder;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.Blackhole;

/** Batches into native memory as tensors, and vectors out of it. */
public class BufferFillBenchmark {
  @State(Scope.Benchmark)
  public static class Buffers {
    private RunBuffers buffers;

    @Setup
    public void open() throws OrtException {
      buffers = new RunBuffers(new LongAdder());
    }

    @TearDown
    public void close() {
      buffers.close();
    }
  }

  @Benchmark
  @OperationsPerInvocation(SampleTexts.TEXTS)
  public void fill(SampleTexts sample, Buffers state, Blackhole hole) throws OrtException {
    RunBuffers buffers = state.buffers;
    for (Batch batch : sample.batches) {
      long[] shape = {batch.paddedRows(), batch.length()};
      try (var ids = buffers.integers(ModelInputs.INPUT_IDS, batch.inputIds(), false, shape);
          var mask =
              buffers.integers(PooledGraph.ATTENTION_MASK, batch.attentionMask(), false, shape);
          var types = buffers.zeros(ModelInputs.TOKEN_TYPE_IDS, false, shape)) {
        hole.consume(ids);
        hole.consume(mask);
        hole.consume(types);
      }
    }
  }

  @Benchmark
  @OperationsPerInvocation(SampleTexts.TEXTS)
  public void read(SampleTexts sample, Buffers state, Blackhole hole) {
    for (Batch batch : sample.batches) {
      FloatBuffer values =
          state.buffers.floats("vectors", new long[] {batch.size(), SampleTexts.HIDDEN_SIZE});
      for (int row = 0; row < batch.size(); row++) {
        float[] vector = new float[SampleTexts.HIDDEN_SIZE];
        values.get(row * vector.length, vector);
        hole.consume(vector);
      }
    }
  }
}
