package io.embark.model.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.embark.model.GraphsWithWeights;
import io.embark.model.ModelDirectory;
import io.embark.testing.TinyModels;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Models inside one file: archives anywhere, and jars of the class path. */
class ModelArchiveTest {
  private static final Map<String, String> MODEL =
      Map.of(
          "model.onnx", "graph",
          "tokenizer.json", "{}",
          "1_Pooling/config.json", "{}",
          "model.safetensors", "of no use");

  @TempDir Path cache;
  @TempDir Path folder;
  private ModelStore store;

  @BeforeEach
  void open() {
    FarAway.reset();
    store = FarAway.store(cache);
  }

  private List<String> copied(ModelDirectory model) throws IOException {
    Path copy = model.tokenizerJson().getParent();
    assertThat(copy).startsWith(cache);
    try (Stream<Path> tree = Files.walk(copy)) {
      return tree.filter(Files::isRegularFile)
          .map(file -> copy.relativize(file).toString())
          .filter(file -> !file.equals(".complete"))
          .sorted()
          .toList();
    }
  }

  private static Map<String, String> below(String parent) {
    Map<String, String> entries = new java.util.TreeMap<>();
    MODEL.forEach((name, text) -> entries.put(parent + name, text));
    return entries;
  }

  @ParameterizedTest
  @ValueSource(strings = {"m.zip", "m.tar.gz", "ein Modell ü.tgz", "m.tar", "M.ZIP"})
  void anArchiveIsAModelWhereverItIs(String name) throws IOException {
    Path file = Archives.write(folder.resolve(name), MODEL);
    for (String uri : List.of(file.toString(), "file:" + file, "far:" + file)) {
      ModelDirectory model = store.open(uri, null);
      assertThat(model.name()).isEqualTo(uri);
      assertThat(model.onnxFile()).hasContent("graph");
      assertThat(copied(model))
          .containsExactly("1_Pooling/config.json", "model.onnx", "tokenizer.json");
    }
    assertThat(FarAway.OPENED).hasValue(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"./", "all-MiniLM/", "./a/b c/"})
  void theModelMayLieInAFolderOfTheArchive(String parent) throws IOException {
    for (String name : List.of("m.zip", "m.tar.gz")) {
      Path file = Archives.write(folder.resolve(name), below(parent));
      assertThat(store.open(file.toString(), null).onnxFile()).hasContent("graph");
    }
  }

  @Test
  void weightsBesideTheGraphComeAlong() throws IOException {
    GraphsWithWeights.write(folder.resolve("g/model.onnx"), "the weights");
    String graph = Files.readString(folder.resolve("g/model.onnx"), StandardCharsets.ISO_8859_1);
    Map<String, String> entries =
        Map.of("model.onnx", graph, "tokenizer.json", "{}", "the weights", "w", "other", "w");
    for (String name : List.of("w.zip", "w.tgz")) {
      Path file = Archives.write(folder.resolve(name), entries);
      assertThat(copied(store.open("far:" + file, null)))
          .containsExactly("model.onnx", "the weights", "tokenizer.json");
    }
  }

  @Test
  void sameContentsAreOneCopyAndOthersAnother() throws IOException {
    Files.createDirectories(folder.resolve("executor-2"));
    Path first = Archives.write(folder.resolve("m.zip"), MODEL);
    Path second = Files.copy(first, folder.resolve("executor-2/m.zip"));
    Path graph = store.open(first.toString(), null).onnxFile();
    assertThat(store.open(second.toString(), null).onnxFile()).isEqualTo(graph);
    Archives.write(first, Map.of("model.onnx", "GRAPH", "tokenizer.json", "{}"));
    assertThat(store.open(first.toString(), null).onnxFile())
        .isNotEqualTo(graph)
        .hasContent("GRAPH");
  }

  @ParameterizedTest
  @ValueSource(strings = {"../out.txt", "a/../../out.txt", "/tmp/out.txt", "..\\out.txt"})
  void anEntryThatLeadsOutsideIsRefused(String entry) throws IOException {
    for (String name : List.of("m.zip", "m.tgz")) {
      Map<String, String> entries = new java.util.TreeMap<>(MODEL);
      entries.put(entry, "evil");
      Path file = Archives.write(folder.resolve(name), entries);
      assertThatThrownBy(() -> store.open(file.toString(), null))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("is refused: its entry '")
          .hasMessageContaining("out.txt' leads outside of it");
      assertThat(cache.resolve("models")).isEmptyDirectory();
    }
  }

  @Test
  void aLinkIsRefusedWithTheWayOut() throws IOException {
    for (String name : List.of("m.zip", "m.tgz")) {
      Map<String, String> entries = new java.util.TreeMap<>(MODEL);
      entries.put("model.onnx", "-> ../../blobs/abc");
      Path file = Archives.write(folder.resolve(name), entries);
      assertThatThrownBy(() -> store.open(file.toString(), null))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("holds a link, model.onnx")
          .hasMessageContaining("--dereference");
    }
  }

  @Test
  void aDamagedArchiveIsNamedAndLeavesNothing() throws IOException {
    for (String name : List.of("m.zip", "m.tgz")) {
      Path file = Archives.write(folder.resolve(name), MODEL);
      byte[] bytes = Files.readAllBytes(file);
      Files.write(file, Arrays.copyOf(bytes, bytes.length / 2));
      assertThatThrownBy(() -> store.open(file.toString(), null))
          .isInstanceOf(IOException.class)
          .hasMessageContaining(file + " is damaged");
      assertThat(cache.resolve("models")).isEmptyDirectory();
    }
  }

  @Test
  void anArchiveWithoutAModelSaysWhatItHolds() throws IOException {
    Path file = Archives.write(folder.resolve("m.zip"), Map.of("a/model.onnx", "graph"));
    assertThatThrownBy(() -> store.open(file.toString(), null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("found a/model.onnx");
  }

  @Test
  void aSymbolicLinkToADirectoryIsADirectory() throws IOException {
    TinyModels.writeFiles(folder.resolve("v2"), Map.of("model.onnx", "g", "tokenizer.json", "{}"));
    Path latest = Files.createSymbolicLink(folder.resolve("latest"), folder.resolve("v2"));
    for (String uri : List.of(latest.toString(), "far:" + latest)) {
      String before = store.open(uri, null).fingerprint();
      Files.delete(latest);
      TinyModels.writeFiles(
          folder.resolve("v3"), Map.of("model.onnx", "h", "tokenizer.json", "{}"));
      Files.createSymbolicLink(latest, folder.resolve("v3"));
      assertThat(store.open(uri, null).fingerprint()).isNotEqualTo(before);
      Files.delete(latest);
      Files.createSymbolicLink(latest, folder.resolve("v2"));
    }
  }

  private ModelDirectory onClassPath(String uri, Path... entries) throws IOException {
    URL[] urls = new URL[entries.length];
    for (int i = 0; i < urls.length; i++) {
      urls[i] = entries[i].toUri().toURL();
    }
    ClassLoader before = Thread.currentThread().getContextClassLoader();
    try (URLClassLoader loader = new URLClassLoader(urls, before)) {
      Thread.currentThread().setContextClassLoader(loader);
      return store.open(uri, null);
    } finally {
      Thread.currentThread().setContextClassLoader(before);
    }
  }

  @Test
  void aFolderInAJarIsCopiedOnce() throws IOException {
    Path jar = Archives.write(folder.resolve("ein Jar ü.jar"), below("models/mini lm/"));
    ModelDirectory model = onClassPath("classpath:models/mini lm/", jar);
    assertThat(copied(model))
        .containsExactly("1_Pooling/config.json", "model.onnx", "tokenizer.json");
    assertThat(onClassPath("classpath:/models/mini lm", jar).onnxFile())
        .isEqualTo(model.onnxFile());
    assertThat(onClassPath("classpath:models/mini lm/model.onnx", jar).onnxFile())
        .hasContent("graph");
    Archives.write(jar, Map.of("m/model.onnx", "GRAPH", "m/tokenizer.json", "{}"));
    assertThat(onClassPath("classpath:m", jar).onnxFile()).hasContent("GRAPH");
  }

  @Test
  void aDirectoryOfTheClassPathIsUsedWhereItLies() throws IOException {
    TinyModels.writeFiles(folder.resolve("a b/m"), MODEL);
    assertThat(onClassPath("classpath:m", folder.resolve("a b")).onnxFile())
        .isEqualTo(folder.resolve("a b/m/model.onnx"));
  }

  @Test
  void anArchiveInAJarIsUnpacked() throws IOException {
    Files.createDirectories(folder.resolve("on path"));
    Archives.write(folder.resolve("on path/m.tar.gz"), below("x/"));
    assertThat(onClassPath("classpath:m.tar.gz", folder.resolve("on path")).onnxFile())
        .startsWith(cache)
        .hasContent("graph");
  }

  @Test
  void whatIsNotOnTheClassPathIsSaid() {
    assertThatThrownBy(() -> store.open("classpath:models/none", null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no models/none/tokenizer.json on the class path");
    assertThatThrownBy(() -> store.open("classpath:none.zip", null))
        .hasMessageContaining("no none.zip on the class path");
    assertThatThrownBy(() -> store.open("spark-files:m", null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("there is no Spark here");
  }
}
