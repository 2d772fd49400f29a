package io.embark.onnx;

import io.embark.batch.Batch;
import io.embark.onnx.graph.PooledGraph.PoolingMask;
import io.embark.onnx.graph.PooledModel;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.function.Function;

/** A batch in, its vectors out. Safe for use by several threads at once. */
public interface Encoder extends AutoCloseable {
  /**
   * Runs one batch, and gives what the reader makes of its outputs.
   *
   * @param poolingMask {@code [batch.paddedRows(), batch.length()]}, not 0 for a token that is
   *     pooled; may be null if the encoder was opened with {@link PoolingMask#ATTENTION}
   * @param reader given, for each output, a view of its values, row-major {@code [paddedRows, dim]}
   *     for vectors and {@code [paddedRows, length, dim]} for token states; valid only while the
   *     reader runs
   * @throws EncodingException if the batch did not go through or was stopped
   * @throws IllegalArgumentException if the batch has padding and must not
   * @throws IllegalStateException after {@link #close()}
   */
  <T> T encode(
      Batch batch,
      long[] poolingMask,
      Cancellation cancellation,
      Function<List<FloatBuffer>, T> reader);

  /**
   * Runs the smallest batch there is, to tell a bad batch from a session that works no more.
   *
   * @throws EncodingException if not even that goes through
   */
  void check(Cancellation cancellation);

  /** Whether batches may hold texts of different lengths, the shorter ones filled up. */
  boolean takesPadding();

  /** The outputs that {@link #encode} gives its reader, in this order. */
  List<PooledModel.Output> outputs();

  DeviceChoice device();

  /** Waits for running batches, then frees the session. Does nothing the second time. */
  @Override
  void close();
}
