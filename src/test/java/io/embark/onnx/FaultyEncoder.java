package io.embark.onnx;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtException.OrtErrorCode;
import io.embark.batch.Batch;
import io.embark.onnx.graph.PooledModel;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;

/** A session that fails where a test wants it to, with what ONNX Runtime would throw. */
public final class FaultyEncoder implements Encoder {
  /** Of a T4, https://github.com/microsoft/onnxruntime/issues/9939. */
  public static final String ARENA_FULL =
      "Non-zero status code returned while running FusedMatMul node."
          + " Name:'MatMul_92_FusedMatMulAndScale' Status Message:"
          + " /onnxruntime_src/onnxruntime/core/framework/bfc_arena.cc:331 void*"
          + " onnxruntime::BFCArena::AllocateRawInternal(size_t, bool) Failed to allocate memory"
          + " for requested buffer of size 8388608000";

  private final Encoder session;
  private final Function<Batch, String> fault;
  private volatile boolean broken;

  /** The batches that failed, as {@code rows x length}. */
  public final List<String> failed = new CopyOnWriteArrayList<>();

  /**
   * @param fault the message a batch fails with, or null
   */
  public FaultyEncoder(Encoder session, Function<Batch, String> fault) {
    this.session = session;
    this.fault = fault;
  }

  /** From now on nothing works, not even the smallest batch. */
  public void breakDown() {
    broken = true;
  }

  @Override
  public <T> T encode(
      Batch batch,
      long[] poolingMask,
      Cancellation cancellation,
      Function<List<FloatBuffer>, T> reader) {
    String message = broken ? "CUDA failure 700: an illegal memory access" : fault.apply(batch);
    if (message != null) {
      failed.add(batch.paddedRows() + "x" + batch.length());
      throw EncodingException.of(
          batch,
          device(),
          cancellation,
          new OrtException(OrtErrorCode.ORT_RUNTIME_EXCEPTION, message));
    }
    return session.encode(batch, poolingMask, cancellation, reader);
  }

  @Override
  public void check(Cancellation cancellation) {
    if (broken) {
      encode(
          new Batch(new int[1], 2, new long[2], new long[2], 2),
          null,
          cancellation,
          values -> null);
    }
    session.check(cancellation);
  }

  @Override
  public List<PooledModel.Output> outputs() {
    return session.outputs();
  }

  @Override
  public boolean takesPadding() {
    return session.takesPadding();
  }

  @Override
  public DeviceChoice device() {
    return session.device();
  }

  @Override
  public void close() {
    session.close();
  }
}
