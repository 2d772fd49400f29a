package io.embark.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession.RunOptions;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.LongAdder;

/**
 * The native memory of one running batch, kept for the next one: tensors are views of it, and once
 * it has grown to the largest batch nothing is allocated any more.
 */
final class RunBuffers implements AutoCloseable {
  /** Buffers grow to a power of two up to here, to exactly what is needed beyond. */
  private static final long MAX_ROUNDED_BYTES = 64L << 20;

  /** More than this is let go of after the batch. */
  private static final long MAX_KEPT_BYTES = 512L << 20;

  /** A Java buffer's limit, with the margin that ONNX Runtime leaves. */
  private static final long MAX_BYTES = Integer.MAX_VALUE - 64L;

  private final OrtEnvironment environment = OnnxRuntime.environment();
  private final Map<String, ByteBuffer> buffers = new HashMap<>();
  private final LongAdder allocations;
  final RunOptions options = new RunOptions();

  RunBuffers(LongAdder allocations) throws OrtException {
    this.allocations = allocations;
  }

  /** Memory for a batch cannot be had. */
  static final class NoRoom extends RuntimeException {
    private static final long serialVersionUID = 1;

    private NoRoom(String message) {
      super(message);
    }
  }

  /** The buffers of a session: as many as batches ever ran at once, the last used first. */
  static final class Pool implements AutoCloseable {
    private final ConcurrentLinkedDeque<RunBuffers> idle = new ConcurrentLinkedDeque<>();

    /** Counts the native buffers allocated so far. */
    final LongAdder allocations = new LongAdder();

    RunBuffers take() throws OrtException {
      RunBuffers buffers = idle.pollFirst();
      return buffers == null ? new RunBuffers(allocations) : buffers;
    }

    void giveBack(RunBuffers buffers) {
      try {
        buffers.reset();
        idle.addFirst(buffers);
      } catch (OrtException e) {
        buffers.close();
      }
    }

    /** To be called when no batch runs. */
    @Override
    public void close() {
      for (RunBuffers buffers = idle.poll(); buffers != null; buffers = idle.poll()) {
        buffers.close();
      }
    }
  }

  /** A tensor of these values, int32 or int64. */
  OnnxTensor integers(String name, long[] values, boolean int32, long[] shape) throws OrtException {
    ByteBuffer bytes = bytes(name, (int32 ? 4L : 8L) * values.length);
    if (!int32) {
      return OnnxTensor.createTensor(environment, bytes.asLongBuffer().put(values).flip(), shape);
    }
    IntBuffer ints = bytes.asIntBuffer();
    for (long value : values) {
      ints.put(Math.toIntExact(value));
    }
    return OnnxTensor.createTensor(environment, ints.flip(), shape);
  }

  /** A tensor of zeros. Its memory is never written to, and comes zeroed. */
  OnnxTensor zeros(String name, boolean int32, long[] shape) throws OrtException {
    ByteBuffer bytes = bytes(name, (int32 ? 4 : 8) * size(shape));
    return int32
        ? OnnxTensor.createTensor(environment, bytes.asIntBuffer(), shape)
        : OnnxTensor.createTensor(environment, bytes.asLongBuffer(), shape);
  }

  /** Room for an output; its values, from the buffer's position 0 on, after the run. */
  FloatBuffer floats(String name, long[] shape) {
    return bytes(name, 4 * size(shape)).asFloatBuffer();
  }

  private static long size(long[] shape) {
    return Arrays.stream(shape).reduce(1, Math::multiplyExact);
  }

  OnnxTensor tensor(FloatBuffer floats, long[] shape) throws OrtException {
    return OnnxTensor.createTensor(environment, floats, shape);
  }

  /** The first bytes of a buffer that is at least this large. */
  private ByteBuffer bytes(String name, long size) {
    ByteBuffer buffer = buffers.get(name);
    if (buffer == null || buffer.capacity() < size) {
      if (size > MAX_BYTES) {
        throw new NoRoom("%s takes %d bytes; a buffer ends at 2 GiB".formatted(name, size));
      }
      // The old one goes first, so that both need not fit.
      buffers.remove(name);
      long roundedUp = Long.highestOneBit(Math.max(1, size - 1)) << 1;
      int capacity = (int) (size <= MAX_ROUNDED_BYTES ? Math.max(4096, roundedUp) : size);
      try {
        buffer = ByteBuffer.allocateDirect(capacity);
      } catch (OutOfMemoryError e) {
        // Of the JVM's direct memory; the heap has nothing to do with it.
        throw new NoRoom(e.getMessage());
      }
      allocations.increment();
      buffers.put(name, buffer);
    }
    return buffer.duplicate().limit((int) size).order(ByteOrder.nativeOrder());
  }

  private void reset() throws OrtException {
    options.setTerminate(false);
    if (buffers.values().stream().mapToLong(ByteBuffer::capacity).sum() > MAX_KEPT_BYTES) {
      buffers.clear();
    }
  }

  /** Lets go of the memory; the JVM frees direct buffers when it collects them. */
  @Override
  public void close() {
    buffers.clear();
    options.close();
  }
}
