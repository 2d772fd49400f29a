package io.embark.model.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.embark.model.GraphsWithWeights;
import io.embark.model.ModelDirectory;
import io.embark.testing.TinyModels;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.security.AccessControlException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is copied, and what happens when the other side fails. */
class ModelFetchTest {
  @TempDir Path cache;
  @TempDir Path models;
  private Path model;
  private String uri;
  private ModelStore store;

  @BeforeEach
  void write() {
    FarAway.reset();
    model = models.resolve("mein Modell ü");
    uri = "far:" + model;
    store = FarAway.store(cache);
    TinyModels.writeFiles(
        model, Map.of("model.onnx", "graph".repeat(2000), "tokenizer.json", "{\"a\": 1}"));
  }

  private List<String> files() throws IOException {
    try (Stream<Path> tree = Files.walk(cache.resolve("models"))) {
      return tree.filter(Files::isRegularFile)
          .map(file -> cache.resolve("models").relativize(file).toString())
          .map(file -> file.substring(file.indexOf('/') + 1))
          .filter(file -> !file.equals(".complete"))
          .sorted()
          .toList();
    }
  }

  @Test
  void onlyWhatMakesTheModelIsCopied() throws IOException {
    GraphsWithWeights.write(model.resolve("onnx/model.onnx"), "model.onnx_data", "sub/w 1.bin");
    Files.delete(model.resolve("model.onnx"));
    TinyModels.writeFiles(model, Layout.POOLED);
    TinyModels.writeFiles(
        model,
        Map.of(
            "config.json", "{}",
            "onnx/model.onnx_data", "w",
            "onnx/sub/w 1.bin", "w",
            "onnx/other.bin", "no"));
    TinyModels.writeFiles(
        model,
        Map.of(
            "model.safetensors", "no",
            "model.safetensors.index.json", "{}",
            "pytorch_model.bin", "no",
            "tf_model.h5", "no",
            "flax_model.msgpack", "no",
            "openvino/openvino_model.bin", "no",
            "onnx/model_fp16.onnx", "no",
            "onnx/model_fp16.onnx_data", "no",
            "README.md", "no",
            ".git/config.json", "no"));
    store.open(uri, null);
    assertThat(files())
        .containsExactly(
            "1_Pooling/config.json",
            "config.json",
            "modules.json",
            "onnx/model.onnx",
            "onnx/model.onnx_data",
            "onnx/sub/w 1.bin",
            "tokenizer.json");
    int opened = FarAway.OPENED.get();
    // What is of no use may change without a new copy; what the graph points to may not.
    Files.writeString(model.resolve("README.md"), "changed");
    Files.writeString(model.resolve("onnx/model_fp16.onnx_data"), "changed");
    store.open(uri, null);
    assertThat(FarAway.OPENED).as("the list of modules").hasValue(opened + 1);
    Files.writeString(model.resolve("onnx/sub/w 1.bin"), "changed");
    store.open(uri, null);
    assertThat(FarAway.OPENED.get()).isGreaterThan(opened + 2);
  }

  @Test
  void nothingIsCopiedOfADirectoryThatIsNoModel() throws IOException {
    Files.delete(model.resolve("tokenizer.json"));
    assertThatThrownBy(() -> store.open(uri, null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no tokenizer.json; found model.onnx");
    assertThatThrownBy(() -> store.open(uri, "fp16.onnx"))
        .hasMessageContaining("no graph at fp16.onnx; found model.onnx");
    assertThat(FarAway.OPENED).hasValue(0);
    assertThat(cache.resolve("models")).doesNotExist();
  }

  @Test
  void aPassingFaultIsTriedAgain() throws IOException {
    FarAway.FAILING.set(1);
    FarAway.CUT.set(1);
    assertThat(store.open(uri, null).onnxFile()).hasContent("graph".repeat(2000));
  }

  @Test
  void aLastingFaultIsSaidAndLeavesNothing() throws IOException {
    FarAway.CUT.set(Integer.MAX_VALUE);
    assertThatThrownBy(() -> store.open(uri, null))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("model.onnx has 10000 bytes, 5000 arrived");
    assertThat(FarAway.OPENED).hasValue(3);
    assertThat(files()).isEmpty();
    FarAway.reset();
    assertThat(store.open(uri, null).onnxFile()).exists();
  }

  @Test
  void aBitThatTurnsOnTheWayIsSeenByTheChecksumOfTheOtherSide() throws IOException {
    FarAway.checksums = true;
    FarAway.TURNED.set(1);
    assertThat(store.open(uri, null).onnxFile()).hasContent("graph".repeat(2000));
    FarAway.TURNED.set(Integer.MAX_VALUE);
    Files.setLastModifiedTime(model.resolve("model.onnx"), FileTime.fromMillis(1_000));
    assertThatThrownBy(() -> store.open(uri, null))
        .hasMessageContaining("model.onnx arrived damaged");
  }

  @Test
  void aBitThatTurnsOnTheWayIsSeenByTheFingerprintOfTheDriver() throws IOException {
    String wanted = ModelDirectory.read(model, null, "there").fingerprint();
    FarAway.TURNED.set(1);
    assertThat(store.openSame(uri, null, wanted).onnxFile()).hasContent("graph".repeat(2000));
    assertThat(FarAway.OPENED).as("two files, twice").hasValue(4);
  }

  @Test
  void anotherModelThanTheDriversIsRefused() throws IOException {
    String found = ModelDirectory.read(model, null, "there").fingerprint();
    String wanted = "0".repeat(64);
    for (String place : List.of(uri, model.toString())) {
      assertThatThrownBy(() -> store.openSame(place, null, wanted))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("Model %s is not the same here as on the driver".formatted(place))
          .hasMessageContaining(wanted)
          .hasMessageContaining(found);
    }
  }

  @Test
  void whatIsForbiddenOrMissingIsNotTriedAgain() {
    FarAway.forbidden = true;
    assertThatThrownBy(() -> store.open(uri, null))
        .isInstanceOf(IOException.class)
        .hasCauseInstanceOf(AccessControlException.class)
        .hasMessageContaining("not for you");
    assertThat(FarAway.ASKED).hasValue(1);
    FarAway.reset();
    assertThatThrownBy(() -> store.open(uri + "/gone", null))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(FarAway.ASKED).hasValue(1);
  }

  @Test
  void withoutTheNetworkTheNewestCopyIsTaken() throws IOException {
    FarAway.down = true;
    assertThatThrownBy(() -> store.open(uri, null))
        .isInstanceOf(IOException.class)
        .hasCauseInstanceOf(ConnectException.class)
        .hasMessageContaining("this host has no copy");
    assertThat(FarAway.ASKED).as("attempts").hasValue(3);
    FarAway.down = false;
    store.open(uri, null);
    Files.writeString(model.resolve("model.onnx"), "newer");
    Path newer = store.open(uri, null).onnxFile();
    FarAway.down = true;
    assertThat(store.open(uri, null).onnxFile()).isEqualTo(newer).hasContent("newer");
    // A copy that is damaged is no copy.
    Files.writeString(newer, "NEWER");
    assertThat(store.open(uri, null).onnxFile()).hasContent("graph".repeat(2000));
    FarAway.reset();
    ModelStore offline = FarAway.store(cache, 1L << 40, true);
    assertThat(offline.open(uri, null).onnxFile()).exists();
    assertThatThrownBy(() -> offline.open("far:" + models.resolve("other"), null))
        .hasMessageContaining("EMBARK_OFFLINE");
    assertThat(FarAway.ASKED).hasValue(0);
  }

  @Test
  void aModelThatChangesWhileItIsCopiedIsNotMixed() {
    FarAway.whenRead =
        () -> {
          try {
            Files.writeString(model.resolve("model.onnx"), "changed in between");
          } catch (IOException e) {
            throw new AssertionError(e);
          }
        };
    assertThatThrownBy(() -> store.open(uri, null)).isInstanceOf(IOException.class);
    assertThat(cache.resolve("models")).isEmptyDirectory();
  }

  @Test
  void aKilledTaskStopsCopying() {
    FarAway.whenRead = () -> Thread.currentThread().interrupt();
    assertThatThrownBy(() -> store.open(uri, null)).isInstanceOf(InterruptedIOException.class);
    assertThat(Thread.interrupted()).isTrue();
    assertThat(FarAway.OPENED).hasValue(1);
    assertThat(cache.resolve("models")).isEmptyDirectory();
  }

  @Test
  void aFileSystemThatIsNotThereIsNamed() {
    assertThatThrownBy(() -> store.open("nofs://bucket/m", null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("nofs://");
    Configuration withoutClass = new FarAway.Conf();
    withoutClass.set("fs.s3a.impl", "org.example.Missing");
    ModelStore other =
        new ModelStore(
            new CacheSettings(cache, 1, false, new CacheOwner(null)),
            withoutClass,
            new Retries(1, 1),
            new HostFolders(cache, cache));
    assertThatThrownBy(() -> other.open("s3a://bucket/m", null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("org.example.Missing")
        .hasMessageContaining("driver and executors");
  }
}
