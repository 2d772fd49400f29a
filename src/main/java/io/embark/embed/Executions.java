package io.embark.embed;

import io.embark.batch.BatchShapes;
import io.embark.model.ModelDirectory;
import io.embark.onnx.Device;
import io.embark.onnx.DeviceChoice;
import io.embark.onnx.Execution;
import io.embark.onnx.GpuOptions;
import java.io.IOException;
import java.nio.file.Path;

/** Turns resolved settings into options of a session on the device that was settled on. */
final class Executions {
  private static final int TOKEN_BUDGET_CPU = 1024;
  private static final int TOKEN_BUDGET_GPU = 16_384;

  /**
   * TensorRT lays its memory out for the largest rows and the largest length at once. So many
   * budgets' worth of tokens keep that in bounds and let batches of short texts still be large.
   */
  private static final int TENSORRT_BUDGETS = 4;

  private Executions() {}

  static Execution of(EmbedderConfig config, DeviceChoice device, ModelDirectory model)
      throws IOException {
    GpuOptions gpu =
        new GpuOptions(
            config.get(Setting.GPU_MEMORY_LIMIT),
            config.get(Setting.GPU_ARENA),
            config.get(Setting.GPU_TF32),
            config.get(Setting.GPU_CONV_SEARCH),
            tensorRt(config, device, model));
    boolean padded =
        config.get(Setting.PADDING).on(device) || config.get(Setting.SHAPE_BUCKETS).on(device);
    return new Execution(
        device,
        Math.max(1, config.get(Setting.INTRA_OP_THREADS)),
        gpu,
        padded,
        config.get(Setting.MAX_LENGTH));
  }

  private static GpuOptions.TensorRt tensorRt(
      EmbedderConfig config, DeviceChoice device, ModelDirectory model) throws IOException {
    BatchShapes shapes = shapes(config, device);
    if (device.device() != Device.TENSORRT) {
      return GpuOptions.TensorRt.DEFAULT;
    }
    String chosen = config.get(Setting.GPU_TENSORRT_CACHE);
    Path cache =
        chosen.equals(Setting.AUTO)
            ? Path.of(System.getProperty("java.io.tmpdir"), "embark-tensorrt")
            : Path.of(chosen);
    return new GpuOptions.TensorRt(
        cache.resolve(model.fingerprint()),
        config.get(Setting.GPU_TENSORRT_FP16),
        shapes.maxRows(),
        shapes.maxLength(),
        tokenBudget(config, device));
  }

  static int tokenBudget(EmbedderConfig config, DeviceChoice device) {
    int chosen = config.get(Setting.TOKEN_BUDGET);
    return chosen > 0 ? chosen : device.isGpu() ? TOKEN_BUDGET_GPU : TOKEN_BUDGET_CPU;
  }

  static BatchShapes shapes(EmbedderConfig config, DeviceChoice device) {
    int maxLength = config.get(Setting.MAX_LENGTH);
    int maxRows =
        device.device() == Device.TENSORRT
            ? (int) Math.max(1, (long) TENSORRT_BUDGETS * tokenBudget(config, device) / maxLength)
            : Integer.MAX_VALUE;
    BatchShapes.Fill fill =
        config.get(Setting.SHAPE_BUCKETS).on(device)
            ? BatchShapes.Fill.ROUNDED
            : BatchShapes.Fill.LONGEST;
    return new BatchShapes(fill, maxLength, maxRows);
  }
}
