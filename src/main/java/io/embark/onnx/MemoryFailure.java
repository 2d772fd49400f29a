package io.embark.onnx;

import ai.onnxruntime.OrtException;
import java.util.List;
import java.util.Locale;

/**
 * Tells from ONNX Runtime's message that memory did not suffice. There is no error code for it: the
 * arena reports RUNTIME_EXCEPTION or FAIL, a CUDA call FAIL or EP_FAIL, as other errors do.
 */
final class MemoryFailure {
  /** In lower case. The first four stand in the libraries of ONNX Runtime 1.23.2. */
  private static final List<String> SIGNS =
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

  private MemoryFailure() {}

  static boolean is(OrtException e) {
    String message = String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT);
    return SIGNS.stream().anyMatch(message::contains);
  }
}
