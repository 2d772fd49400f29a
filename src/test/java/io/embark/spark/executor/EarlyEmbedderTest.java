package io.embark.spark.executor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.embark.embed.Embedder;
import io.embark.embed.EmbedderConfig;
import io.embark.model.store.ModelStore;
import io.embark.onnx.Device;
import io.embark.onnx.DeviceChoice;
import io.embark.testing.LocalSpark;
import io.embark.testing.SpoiltModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EarlyEmbedderTest {
  private static final String MASTER = "spark.master";

  @TempDir Path directory;
  private String before;

  @BeforeEach
  void local() {
    // Other tests of this JVM may have left this thread without one.
    SparkSession.setActiveSession(LocalSpark.session());
    before = System.getProperty(MASTER);
    System.setProperty(MASTER, "local[2]");
  }

  @AfterEach
  void restore() {
    EarlyEmbedder.abandon();
    if (before == null) {
      System.clearProperty(MASTER);
    } else {
      System.setProperty(MASTER, before);
    }
  }

  private EmbedderConfig model() throws IOException {
    return on(SpoiltModel.sound(directory.resolve("model")));
  }

  private static EmbedderConfig on(Path model) {
    return EmbedderConfig.of(model.toString()).toBuilder().device(Device.CPU).build();
  }

  private static Optional<Embedder> take(EmbedderConfig config) {
    EmbedderConfig filledIn = ModelFacts.of(config).config();
    return EarlyEmbedder.take(
        ExecutorSettings.withThreads(filledIn, new SparkConf()), DeviceChoice.CPU);
  }

  @Test
  void theTasksGetTheEmbedderThatWasBegun() throws IOException {
    EmbedderConfig config = model();
    // Known already, or else looking at the model would take it.
    ModelFacts.of(config);
    EarlyEmbedder.start(() -> config);
    Optional<Embedder> early = take(config);
    assertThat(early).isPresent();
    early.get().close();
    assertThat(take(config)).isEmpty();
  }

  @Test
  void aFirstLookAtTheModelTakesIt() throws IOException {
    EmbedderConfig config = model();
    EarlyEmbedder.start(() -> config);
    assertThat(take(config)).isEmpty();
  }

  @Test
  void otherSettingsAreNotServed() throws IOException {
    EmbedderConfig config = model();
    EmbedderConfig other = config.toBuilder().tokenBudget(77).build();
    ModelFacts.of(other);
    EarlyEmbedder.start(() -> config);
    assertThat(take(other)).isEmpty();
  }

  @Test
  void aModelThatDoesNotLoadFailsAsItDoesWithout() throws IOException {
    Path model = SpoiltModel.sound(directory.resolve("broken"));
    Files.write(model.resolve("model.onnx"), new byte[] {1, 2, 3});
    EmbedderConfig config = on(model);
    Throwable without = catchThrowable(() -> ModelFacts.of(config));
    EarlyEmbedder.start(() -> config);
    assertThat(without).isNotNull();
    assertThatThrownBy(() -> ModelFacts.of(config))
        .isExactlyInstanceOf(without.getClass())
        .hasMessage(without.getMessage());
  }

  @Test
  void aLibraryThatDoesNotLoadSaysWhyToTheOneWhoWantsIt() throws IOException {
    EmbedderConfig config = model();
    ModelFacts.of(config);
    LinkageError error = new ExceptionInInitializerError(new RuntimeException("no library"));
    EarlyEmbedder.start(
        () -> {
          throw error;
        });
    // Nobody may ask for devices first, which needs the library too.
    ExecutorEmbedders.use(
        new ExecutorEmbedders.Devices() {
          @Override
          public DeviceChoice settle(Device wanted, int gpuIndex) {
            throw new AssertionError("asked for a device");
          }

          @Override
          public Embedder open(EmbedderConfig config, ModelStore store, DeviceChoice device) {
            throw new AssertionError("opened");
          }
        });
    try {
      assertThatThrownBy(() -> ExecutorEmbedders.with(config, Embedder::config)).isSameAs(error);
    } finally {
      ExecutorEmbedders.use(ExecutorEmbedders.Devices.OF_THIS_MACHINE);
    }
    assertThatThrownBy(() -> take(config)).isSameAs(error);
  }

  @Test
  void theDriverOfAClusterOpensNothing() throws IOException {
    EmbedderConfig config = model();
    ModelFacts.of(config);
    for (String master : new String[] {"yarn", "local-cluster[1,1,1024]", "spark://a:1", ""}) {
      System.setProperty(MASTER, master);
      EarlyEmbedder.start(() -> config);
      assertThat(take(config)).as(master).isEmpty();
    }
  }

  @Test
  void noGpuIsTriedAndNoRemoteModelIsCopied() {
    for (EmbedderConfig config :
        new EmbedderConfig[] {
          EmbedderConfig.of("/nowhere").toBuilder().device(Device.CUDA).build(),
          EmbedderConfig.of("s3a://nowhere/model")
        }) {
      EarlyEmbedder.start(() -> config);
      assertThat(EarlyEmbedder.take(config, DeviceChoice.CPU)).isEmpty();
    }
  }
}
