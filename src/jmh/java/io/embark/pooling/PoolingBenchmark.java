package io.embark.pooling;

import io.embark.batch.Batch;
import io.embark.bench.SampleTexts;
import java.util.ArrayList;
import java.util.List;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.Blackhole;

/** Token states to vectors in Java, which the graph does by itself in a job. */
public class PoolingBenchmark {
  @State(Scope.Benchmark)
  public static class States {
    @Param({"MEAN", "MAX", "WEIGHTED_MEAN"})
    public Pooling pooling;

    private final List<TokenStates> batches = new ArrayList<>();

    @Setup
    public void make(SampleTexts sample) {
      // Batches of one array: what is in it does not matter to any of these.
      for (Batch batch : sample.batches) {
        float[] hidden = new float[batch.paddedTokens() * SampleTexts.HIDDEN_SIZE];
        for (int i = 0; i < hidden.length; i++) {
          hidden[i] = i % 97 - 48;
        }
        batches.add(
            new TokenStates(
                hidden,
                batch.attentionMask(),
                null,
                batch.size(),
                batch.length(),
                SampleTexts.HIDDEN_SIZE));
      }
    }
  }

  @Benchmark
  @OperationsPerInvocation(SampleTexts.TEXTS)
  public void pool(States states, Blackhole hole) {
    for (TokenStates batch : states.batches) {
      for (int row = 0; row < batch.batch(); row++) {
        float[] vector = states.pooling.pool(batch, row);
        Norm.L2.apply(vector);
        hole.consume(vector);
      }
    }
  }
}
