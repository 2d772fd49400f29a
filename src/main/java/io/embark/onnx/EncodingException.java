package io.embark.onnx;

import io.embark.batch.Batch;
import java.util.List;
import java.util.Locale;

/** A batch did not go through the model. */
public final class EncodingException extends IllegalStateException {
  private static final long serialVersionUID = 1;

  /**
   * Parts of ONNX Runtime's messages, in lower case, that tell that memory did not suffice. There
   * is no error code for it: the arena reports RUNTIME_EXCEPTION or FAIL, a CUDA call FAIL or
   * EP_FAIL, as other errors do. The first four stand in the libraries of ONNX Runtime 1.23.2.
   */
  private static final List<String> OUT_OF_MEMORY =
      List.of(
          // bfc_arena.cc, when the device or malloc gives nothing
          "failed to allocate memory for requested buffer",
          // bfc_arena.cc, when gpu_mem_limit is reached
          "is smaller than requested bytes of",
          // bfc_arena.cc, when a freed block was taken by another thread
          "failed to find a free memory block",
          // cuBLAS, of its workspace, as ONNX Runtime prints it
          "cublas_status_alloc_failed",
          // cudaGetErrorString(cudaErrorMemoryAllocation): "CUDA failure 2: out of memory"
          "out of memory",
          "cudaerrormemoryallocation",
          // cuDNN 8 and cuDNN 9
          "cudnn_status_alloc_failed",
          "cudnn_status_internal_error_device_allocation_failed",
          "cudnn_status_internal_error_host_allocation_failed",
          // what() of the exceptions of the C++ library, of GCC and of MSVC
          "bad_alloc",
          "bad allocation");

  /** The cause, by what a caller can do about it. */
  public enum Reason {
    /** Memory did not suffice: a smaller batch may fit. */
    MEMORY,
    /** Somebody stopped it through its {@link Cancellation}. */
    CANCELLED,
    /** The graph failed on this batch, and will again. */
    GRAPH
  }

  private final Reason reason;

  EncodingException(Reason reason, String message, Throwable cause) {
    super(message, cause);
    this.reason = reason;
  }

  /** Of an encoder that was told to stop before it went on. */
  public static EncodingException cancelled() {
    return new EncodingException(Reason.CANCELLED, "Cancelled before the batch ran.", null);
  }

  static EncodingException of(
      Batch batch, DeviceChoice device, Cancellation cancellation, Exception cause) {
    Reason reason =
        cancellation.isCancelled()
            ? Reason.CANCELLED
            : isOutOfMemory(cause) ? Reason.MEMORY : Reason.GRAPH;
    return new EncodingException(
        reason,
        "ONNX Runtime failed on a batch of %d rows x %d tokens on %s: %s"
            .formatted(batch.size(), batch.length(), device.label(), cause.getMessage()),
        cause);
  }

  static boolean isOutOfMemory(Exception e) {
    String message = String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT);
    return e instanceof RunBuffers.NoRoom || OUT_OF_MEMORY.stream().anyMatch(message::contains);
  }

  public Reason reason() {
    return reason;
  }

  /** The same with one more sentence. */
  public EncodingException with(String sentence) {
    return new EncodingException(reason, getMessage().strip() + " " + sentence, this);
  }
}
