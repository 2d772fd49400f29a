package io.embark.onnx.graph;

import ai.onnx.proto.OnnxMl.TensorProto;
import io.embark.UserError;
import io.embark.onnx.guard.ExternalData;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Map;

/** Reads the values of float32 weights, wherever a model keeps them. */
public final class WeightValues {
  private final Path folder;

  public WeightValues(PooledModel model) {
    folder = model.externalDataFolder().orElse(null);
  }

  /**
   * @throws UserError if the tensor does not hold as many values as it declares
   */
  public float[] of(TensorProto tensor) {
    long declared = tensor.getDimsList().stream().reduce(1L, Math::multiplyExact);
    float[] values = new float[Math.toIntExact(declared)];
    if (tensor.getDataLocation() == TensorProto.DataLocation.EXTERNAL) {
      read(tensor, values);
    } else if (tensor.hasRawData()) {
      copy(tensor, tensor.getRawData().asReadOnlyByteBuffer(), values);
    } else {
      require(tensor, values.length == tensor.getFloatDataCount());
      for (int i = 0; i < values.length; i++) {
        values[i] = tensor.getFloatData(i);
      }
    }
    return values;
  }

  private void read(TensorProto tensor, float[] values) {
    Map<String, String> at = ExternalData.of(tensor);
    Path file = folder.resolve(at.get("location"));
    try (FileChannel channel = FileChannel.open(file)) {
      long offset = Long.parseLong(at.getOrDefault("offset", "0"));
      long length = 4L * values.length;
      require(tensor, offset + length <= channel.size());
      copy(tensor, channel.map(FileChannel.MapMode.READ_ONLY, offset, length), values);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the model's weights in `" + file + "`", e);
    }
  }

  private static void copy(TensorProto tensor, ByteBuffer bytes, float[] values) {
    require(tensor, bytes.remaining() == 4L * values.length);
    bytes.order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
  }

  private static void require(TensorProto tensor, boolean whole) {
    if (!whole) {
      throw new UserError(
          "the model is broken: weight `%s` does not hold the values that its dimensions %s declare."
              .formatted(tensor.getName(), tensor.getDimsList()));
    }
  }
}
