package io.embark.onnx;

import ai.onnxruntime.OrtException;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.LongAdder;

/** The buffers of a session: as many as batches ever ran at once, the last used first. */
final class BufferPool implements AutoCloseable {
  private final ConcurrentLinkedDeque<RunBuffers> idle = new ConcurrentLinkedDeque<>();
  private final LongAdder allocations = new LongAdder();

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

  /** Native buffers allocated so far. */
  long allocations() {
    return allocations.sum();
  }

  /** To be called when no batch runs. */
  @Override
  public void close() {
    for (RunBuffers buffers = idle.poll(); buffers != null; buffers = idle.poll()) {
      buffers.close();
    }
  }
}
