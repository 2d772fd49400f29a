package io.embark.bench;

import io.embark.embed.EmbedderConfig;
import io.embark.embed.Setting;
import io.embark.model.ModelDirectory;
import io.embark.model.store.ModelStore;
import io.embark.onnx.Device;
import io.embark.pooling.Norm;
import io.embark.pooling.Pooling;
import io.embark.spark.executor.ModelFacts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;

/** A model that computes next to nothing, so that what remains is what Embark itself costs. */
final class StubModel {
  private StubModel() {}

  /**
   * Writes one to a temporary directory.
   *
   * @param model whose tokenizer, shapes and maximum length it has
   * @return settings that use it as a GPU is used, on the CPU
   */
  static EmbedderConfig like(String model, int tokenBudget) throws IOException {
    Path shapes = Files.createTempDirectory("embark-stub");
    ModelFacts real = write(shapes, model);
    return EmbedderConfig.of(shapes.toString()).toBuilder()
        .pooling(Pooling.POOLER)
        .normalize(Norm.NONE)
        .maxLength(real.config().get(Setting.MAX_LENGTH))
        .device(Device.CPU)
        .intraOpThreads(1)
        .tokenBudget(tokenBudget)
        .build();
  }

  /** Writes one like the built-in model to a directory that is there, for jobs of other builds. */
  public static void main(String[] args) throws IOException {
    write(Path.of(args[0]), Setting.MODEL.defaultText());
  }

  private static ModelFacts write(Path shapes, String model) throws IOException {
    ModelFacts real =
        ModelFacts.of(EmbedderConfig.of(model).toBuilder().device(Device.CPU).build());
    ModelDirectory directory =
        ModelStore.ofThisHost(new Configuration())
            .open(real.config().get(Setting.MODEL), real.config().get(Setting.MODEL_FILE));
    ShapesOnlyModel.write(shapes.resolve("model.onnx"), real.dimensions().get(0));
    Files.copy(directory.tokenizerJson(), shapes.resolve("tokenizer.json"));
    return real;
  }
}
