package io.embark.spark.gpu;

import io.embark.embed.Embedder;
import io.embark.embed.EmbedderConfig;
import io.embark.model.store.ModelStore;
import io.embark.onnx.Device;
import io.embark.onnx.DeviceChoice;
import io.embark.spark.executor.ExecutorEmbedders;
import java.io.IOException;
import java.util.Map;
import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.apache.spark.api.plugin.SparkPlugin;

/**
 * For executors without GPUs: each GPU address counts as a GPU that works, and the session for it
 * runs on the CPU. Everything else is as in production. Set with {@code spark.plugins}.
 */
public final class CpuForEveryGpu implements SparkPlugin {

  @Override
  public DriverPlugin driverPlugin() {
    return null;
  }

  @Override
  public ExecutorPlugin executorPlugin() {
    return new ExecutorPlugin() {
      @Override
      public void init(PluginContext context, Map<String, String> extra) {
        ExecutorEmbedders.use(new Pretended());
      }
    };
  }

  private static final class Pretended implements ExecutorEmbedders.Devices {
    @Override
    public DeviceChoice settle(Device wanted, int gpuIndex) {
      return new DeviceChoice(Device.CUDA, gpuIndex);
    }

    @Override
    public Embedder open(EmbedderConfig config, ModelStore store, DeviceChoice device)
        throws IOException {
      return Embedder.open(config.toBuilder().device(Device.CPU).build(), store, 0);
    }
  }
}
