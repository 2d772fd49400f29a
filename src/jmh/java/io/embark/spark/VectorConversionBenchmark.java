package io.embark.spark;

import io.embark.bench.SampleTexts;
import io.embark.spark.column.OutputType;
import io.embark.vector.Int8Ranges;
import java.util.Arrays;
import java.util.Random;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.Blackhole;

/** Vectors to what Spark holds of them, before Parquet. */
public class VectorConversionBenchmark {
  @State(Scope.Benchmark)
  public static class Vectors {
    @Param({"VECTOR", "FLOAT", "FLOAT16_BITS", "INT8", "BINARY"})
    public OutputType type;

    private final float[][] vectors = new float[SampleTexts.TEXTS][SampleTexts.HIDDEN_SIZE];
    private Int8Ranges ranges;

    @Setup
    public void make() {
      Random random = new Random(1);
      for (float[] vector : vectors) {
        for (int i = 0; i < vector.length; i++) {
          vector[i] = (float) random.nextGaussian() / 20;
        }
      }
      double[] most = new double[SampleTexts.HIDDEN_SIZE];
      double[] least = new double[SampleTexts.HIDDEN_SIZE];
      Arrays.fill(most, 0.2);
      Arrays.fill(least, -0.2);
      ranges = Int8Ranges.ofDoubles(least, most);
    }
  }

  @Benchmark
  @OperationsPerInvocation(SampleTexts.TEXTS)
  public void convert(Vectors state, Blackhole hole) {
    for (float[] vector : state.vectors) {
      hole.consume(state.type.value(vector, state.ranges));
    }
  }
}
