package io.embark.model.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.embark.UserError;
import io.embark.model.ModelDirectory;
import io.embark.pooling.Norm;
import io.embark.pooling.Pooling;
import io.embark.testing.TinyModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ModelStoreTest {
  private static final String GRAPH = "model.onnx";

  @TempDir Path cache;
  @TempDir Path models;
  private ModelStore store;

  @BeforeEach
  void open() {
    store = FarAway.store(cache);
  }

  private Path write(String name) {
    Path directory = models.resolve(name);
    TinyModels.writeFiles(
        directory, Map.of(GRAPH, "graph", "tokenizer.json", "{}", "1_Pooling/config.json", "{}"));
    return directory;
  }

  private List<String> cached() throws IOException {
    if (!Files.exists(cache.resolve("models"))) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(cache.resolve("models"))) {
      return entries.map(p -> p.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void aLocalDirectoryIsUsedWhereItLies() throws IOException {
    Path directory = write("a b%20c#d");
    for (String uri :
        List.of(directory.toString(), "file:" + directory, "file://localhost" + directory)) {
      ModelDirectory model = store.open(uri, null);
      assertThat(model.onnxFile()).as(uri).isEqualTo(directory.resolve(GRAPH));
      assertThat(model.name()).isEqualTo(uri);
    }
    assertThat(cached()).isEmpty();
  }

  @Test
  void anEscapedFileUriAsJavaWritesIt() throws IOException {
    Path directory = write("a b");
    assertThat(store.open(directory.toUri().toString(), null).onnxFile())
        .isEqualTo(directory.resolve(GRAPH));
  }

  @Test
  void aGraphThatIsNamedTwiceIsNamedOnce() {
    assertThatThrownBy(() -> store.open("/models/m/onnx/a.onnx", "onnx/other.onnx"))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("model-file names another one, onnx/other.onnx");
  }

  @Test
  void aGraphMayBeNamedInsteadOfItsDirectory() throws IOException {
    Path directory = write("local");
    Files.writeString(directory.resolve("int8.onnx"), "other");
    for (String scheme : List.of("", "file:", "far:")) {
      ModelDirectory model = store.open(scheme + directory + "/int8.onnx", null);
      assertThat(model.onnxFile()).hasFileName("int8.onnx").hasContent("other");
    }
  }

  @Test
  void aRelativeFileUriIsRelativeToHere() {
    assertThatThrownBy(() -> store.open("file:no/such/model", null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(Path.of("no/such/model").toAbsolutePath().toString());
  }

  @Test
  void aRemoteDirectoryIsCopiedOnce() throws IOException {
    Path directory = write("m");
    ModelDirectory first = store.open("far:" + directory, null);
    assertThat(first.onnxFile()).startsWith(cache).hasContent("graph");
    assertThat(first.onnxFile().resolveSibling("1_Pooling/config.json")).exists();
    FileTime copied = Files.getLastModifiedTime(first.onnxFile());
    assertThat(store.open("far:" + directory, null)).isEqualTo(first);
    assertThat(Files.getLastModifiedTime(first.onnxFile())).isEqualTo(copied);
    assertThat(cached()).hasSize(1);
  }

  @Test
  void aRemoteDirectoryThatChangedIsCopiedAnew() throws IOException {
    Path directory = write("m");
    ModelDirectory first = store.open("far:" + directory, null);
    Files.writeString(directory.resolve(GRAPH), "GRAPH");
    Files.setLastModifiedTime(directory.resolve(GRAPH), FileTime.fromMillis(1_000_000));
    ModelDirectory second = store.open("far:" + directory, null);
    assertThat(second.onnxFile()).isNotEqualTo(first.onnxFile()).hasContent("GRAPH");
    assertThat(first.onnxFile()).hasContent("graph");
  }

  @Test
  void twoRemoteDirectoriesOfOneNameAreTwo() throws IOException {
    Path one = write("one/m");
    Path two = write("two/m");
    assertThat(store.open("far:" + one, null).onnxFile())
        .isNotEqualTo(store.open("far:" + two, null).onnxFile());
  }

  @Test
  void whatIsNotThereIsSaid() throws IOException {
    assertThatThrownBy(() -> store.open("far:" + models.resolve("gone"), null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("nothing at far:" + models.resolve("gone"));
    assertThatThrownBy(() -> store.open(models.resolve("gone").toString(), null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("does not exist");
    Path file = Files.writeString(models.resolve("model.bin"), "x");
    for (String uri : List.of("far:" + file, file.toString())) {
      assertThatThrownBy(() -> store.open(uri, null))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("is a file");
    }
    assertThat(cached()).isEmpty();
  }

  @Test
  void aDamagedCopyIsReplaced() throws IOException {
    Path directory = write("m");
    Path graph = store.open("far:" + directory, null).onnxFile();
    Files.delete(graph);
    assertThat(store.open("far:" + directory, null).onnxFile()).isEqualTo(graph).exists();
    Files.writeString(graph, "gr");
    assertThat(store.open("far:" + directory, null).onnxFile()).hasContent("graph");
    Files.writeString(graph, "grapf");
    assertThat(store.open("far:" + directory, null).onnxFile()).hasContent("graph");
    Files.delete(graph.resolveSibling(".complete"));
    assertThat(store.open("far:" + directory, null).onnxFile()).hasContent("graph");
    assertThat(cached()).hasSize(1);
  }

  @Test
  void manyAtOnceAllGetAWholeModel() throws Exception {
    Path directory = write("m");
    int count = 16;
    ExecutorService threads = Executors.newFixedThreadPool(count);
    try {
      for (int round = 0; round < 10; round++) {
        String uri = "far:" + directory;
        Files.setLastModifiedTime(directory.resolve(GRAPH), FileTime.fromMillis(round * 10_000L));
        CountDownLatch start = new CountDownLatch(count);
        List<Future<Path>> opened =
            IntStream.range(0, count)
                .mapToObj(
                    i ->
                        threads.submit(
                            () -> {
                              start.countDown();
                              start.await();
                              return store.open(uri, null).onnxFile();
                            }))
                .toList();
        for (Future<Path> graph : opened) {
          assertThat(graph.get()).hasContent("graph").isEqualTo(opened.get(0).get());
        }
        assertThat(cached()).hasSize(round + 1);
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @ParameterizedTest
  @EnumSource(BuiltinModel.class)
  void builtinsUnpackToWholeDirectories(BuiltinModel builtin) throws IOException {
    ModelDirectory model = store.open("BUILTIN:" + builtin.label().toUpperCase(), null);
    assertThat(model.name()).isEqualTo("builtin:" + builtin.label());
    assertThat(model.onnxFile()).startsWith(cache).isRegularFile();
    assertThat(model.norm().orElseThrow().value()).isEqualTo(Norm.L2);
    Pooling wanted = builtin == BuiltinModel.BGE_SMALL_EN_V1_5 ? Pooling.CLS : Pooling.MEAN;
    assertThat(model.poolings().orElseThrow().value()).containsExactly(wanted);
    int limit = builtin == BuiltinModel.ALL_MINILM_L6_V2 ? 256 : 512;
    assertThat(model.maxLength().orElseThrow().value()).isEqualTo(limit);
    assertThat(model.prompts().containsKey("query"))
        .isEqualTo(builtin != BuiltinModel.ALL_MINILM_L6_V2);
  }

  @Test
  void anUnknownBuiltinNamesTheKnown() {
    assertThatThrownBy(() -> store.open("builtin:bert", null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'bert'")
        .hasMessageContaining("builtin:e5-small-v2");
  }
}
