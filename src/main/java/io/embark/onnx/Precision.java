package io.embark.onnx;

import io.embark.Choice;
import io.embark.UserError;
import io.embark.onnx.graph.PooledModel;
import io.embark.onnx.int8.Int8Model;
import java.util.List;
import java.util.function.Supplier;

/** What a session multiplies with on a CPU. */
public enum Precision implements Choice {
  /** What the model's file holds: 32-bit floats, or what somebody has quantised beforehand. */
  FLOAT {
    @Override
    PooledModel prepare(PooledModel model, Supplier<List<long[]>> texts) {
      return model;
    }
  },
  /** 8-bit integers where weights are multiplied, see {@link Int8Model}. */
  INT8 {
    @Override
    PooledModel prepare(PooledModel model, Supplier<List<long[]>> texts) {
      return Int8Model.of(model, texts.get());
    }
  };

  /**
   * The model that is opened instead of {@code model}.
   *
   * @param texts token ids to measure with, asked for only if it must be measured
   * @throws UserError if the model does not suit
   */
  abstract PooledModel prepare(PooledModel model, Supplier<List<long[]>> texts);

  /**
   * @throws UserError if this is for CPUs and the device is a GPU
   */
  void requireFor(DeviceChoice device) {
    if (this == INT8 && device.isGpu()) {
      throw new UserError(
          ("precision int8 is for CPUs: ONNX Runtime has no such operators for %s and would carry"
                  + " every layer's values to the host and back. Use device cpu, or precision float"
                  + " (with gpu-tf32, or device tensorrt and gpu-tensorrt-fp16, for speed).")
              .formatted(device.label()));
    }
  }
}
