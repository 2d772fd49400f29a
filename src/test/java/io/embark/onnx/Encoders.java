package io.embark.onnx;

import io.embark.batch.Batch;
import io.embark.onnx.graph.GraphOutput;
import io.embark.onnx.graph.PooledGraph.PoolingMask;
import java.nio.file.Path;
import java.util.List;

/** Encoders on the CPU in tests: one thread, vectors copied. */
public final class Encoders {
  public static final Execution CPU = new Execution(DeviceChoice.CPU, 1, GpuOptions.DEFAULT, true);

  private Encoders() {}

  public static OnnxEncoder open(Path file, List<? extends GraphOutput> outputs, PoolingMask mask) {
    return OnnxEncoder.open(file, CPU, outputs, mask, Precision.FLOAT, List::of);
  }

  public static List<float[]> encode(Encoder encoder, Batch batch, long[] poolingMask) {
    return encoder.encode(
        batch,
        poolingMask,
        new Cancellation(),
        views ->
            views.stream()
                .map(
                    view -> {
                      float[] copy = new float[view.remaining()];
                      view.get(copy);
                      return copy;
                    })
                .toList());
  }
}
