package io.embark.onnx;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession.SessionOptions;
import ai.onnxruntime.providers.OrtCUDAProviderOptions;
import ai.onnxruntime.providers.OrtTensorRTProviderOptions;
import io.embark.onnx.graph.PooledModel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The device of a session, and its options.
 *
 * @param intraOpThreads threads for one batch on a CPU; 1 when several tasks share the session
 * @param padded whether batches may have padding; if not, the graph loses what only that needs
 * @param longest tokens of the longest text there will be
 */
public record Execution(
    DeviceChoice device, int intraOpThreads, GpuOptions gpu, boolean padded, int longest) {
  private static final int USUAL_LONGEST = 512;

  /** For texts of up to {@value #USUAL_LONGEST} tokens. */
  public Execution(DeviceChoice device, int intraOpThreads, GpuOptions gpu, boolean padded) {
    this(device, intraOpThreads, gpu, padded, USUAL_LONGEST);
  }

  /**
   * Sets threads and execution providers, the preferred one first.
   *
   * @param model null if it is too small for TensorRT
   */
  void addTo(SessionOptions options, PooledModel model) throws OrtException {
    options.setIntraOpNumThreads(intraOpThreads);
    options.setInterOpNumThreads(1);
    if (device.device() == Device.TENSORRT) {
      try (OrtTensorRTProviderOptions tensorRt = new OrtTensorRTProviderOptions(device.gpu())) {
        if (model != null) {
          createCache(gpu.tensorRt().cache());
          for (var option : gpu.tensorRt().options(model.inputs(), gpu.memoryLimit()).entrySet()) {
            tensorRt.add(option.getKey(), option.getValue());
          }
        }
        options.addTensorrt(tensorRt);
      }
    }
    if (device.isGpu()) {
      try (OrtCUDAProviderOptions cuda = new OrtCUDAProviderOptions(device.gpu())) {
        for (var option : gpu.cuda().entrySet()) {
          cuda.add(option.getKey(), option.getValue());
        }
        options.addCUDA(cuda);
      }
    }
  }

  private static void createCache(Path cache) {
    if (cache != null) {
      try {
        Files.createDirectories(cache);
      } catch (IOException e) {
        throw new UncheckedIOException(
            "gpu-tensorrt-cache: cannot create %s on this host: %s".formatted(cache, e), e);
      }
    }
  }
}
