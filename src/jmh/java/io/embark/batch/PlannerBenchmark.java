package io.embark.batch;

import io.embark.bench.SampleTexts;
import java.util.List;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;

/** A buffer of tokenised texts to padded batches. */
public class PlannerBenchmark {
  @Benchmark
  @OperationsPerInvocation(SampleTexts.TEXTS)
  public List<Batch> plan(SampleTexts sample) {
    return sample.planner.plan(sample.tokens);
  }
}
