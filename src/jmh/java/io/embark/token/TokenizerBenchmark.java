package io.embark.token;

import io.embark.bench.SampleTexts;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.infra.Blackhole;

/** Texts to token ids. */
public class TokenizerBenchmark {
  @Benchmark
  @OperationsPerInvocation(SampleTexts.TEXTS)
  public void tokenize(SampleTexts sample, Blackhole hole) {
    for (String text : sample.texts) {
      hole.consume(sample.tokenizer.encode(text));
    }
  }
}
