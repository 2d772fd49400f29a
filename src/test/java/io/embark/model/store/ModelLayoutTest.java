package io.embark.model.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.embark.UserError;
import io.embark.model.ModelFiles;
import io.embark.testing.TinyModels;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.hadoop.util.functional.CallableRaisingIOE;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Where the files of a model may lie, and that it is the same wherever the model is: each layout as
 * a directory of this host, one far away, archives, and a folder of a jar. The contents of a graph,
 * matrix or tokenizer are its path.
 */
class ModelLayoutTest {
  private static final String ROOT = Layout.ROOT;
  private static final String STATIC = Layout.STATIC;

  @TempDir Path cache;
  @TempDir Path folder;

  @BeforeEach
  void reset() {
    FarAway.reset();
  }

  /** A model's directory on this host, and what its files are. */
  private record Found(Path directory, ModelFiles files) {
    void assertHas(String weights, String tokenizer) {
      assertThat(directory.resolve(files.weights())).hasContent(weights);
      assertThat(directory.resolve(files.tokenizer())).hasContent(tokenizer);
    }
  }

  /** As the store does it, without reading what the model says of itself. */
  private Found find(String uri, String modelFile) throws IOException {
    ModelPlaces places =
        new ModelPlaces(
            new FarAway.Conf(),
            new Retries(1, 1),
            new HostFolders(cache, cache),
            name -> List.of(folder.resolve("m").resolve(name).toString()));
    ModelPlaces.Place place = places.find(uri, modelFile);
    Path directory = place.directory();
    if (directory == null) {
      place.source().state(place.modelFile());
      directory = Files.createTempDirectory(cache, "copy");
      place.source().fill(directory, place.modelFile());
    }
    return new Found(directory, ModelFiles.in(directory, place.modelFile(), place.name()));
  }

  /** Finds a layout in each place that a model can have, the first where it is used as it lies. */
  private List<CallableRaisingIOE<Found>> places(Layout layout) throws IOException {
    Map<String, String> entries = layout.entries();
    Map<String, String> below = new TreeMap<>();
    entries.forEach((file, text) -> below.put("a model/" + file, text));
    Path directory = Files.createTempDirectory(folder, "m");
    TinyModels.writeFiles(directory.resolve("a model"), entries);
    List<CallableRaisingIOE<Found>> places = new ArrayList<>();
    String file = layout.modelFile();
    places.add(() -> find(directory + "/a model", file));
    places.add(() -> find("far:" + directory + "/a model", file));
    for (String archive : List.of("flat.zip", "flat.tgz")) {
      Path packed = Archives.write(directory.resolve(archive), entries);
      places.add(() -> find(packed.toString(), file));
    }
    for (String archive : List.of("deep.zip", "deep.tar.gz")) {
      Path packed = Archives.write(directory.resolve(archive), below);
      places.add(() -> find("far:" + packed, file));
    }
    // A folder of a jar is told by its list of modules or its tokenizer.
    if (layout.modules() != null || entries.containsKey("tokenizer.json")) {
      Path jar = Archives.write(directory.resolve("m.jar"), below);
      places.add(() -> onClassPath("classpath:a model", file, jar));
    }
    return places;
  }

  private Found onClassPath(String uri, String modelFile, Path entry) throws IOException {
    ClassLoader before = Thread.currentThread().getContextClassLoader();
    try (URLClassLoader loader = new URLClassLoader(new URL[] {entry.toUri().toURL()}, before)) {
      Thread.currentThread().setContextClassLoader(loader);
      return find(uri, modelFile);
    } finally {
      Thread.currentThread().setContextClassLoader(before);
    }
  }

  private static Stream<Layout> all() {
    return Stream.concat(Layout.usual().stream(), Layout.variants().stream());
  }

  @ParameterizedTest
  @MethodSource("all")
  void weightsAndTokenizerAreFoundWhereverTheModelIs(Layout layout) throws IOException {
    for (CallableRaisingIOE<Found> place : places(layout)) {
      place.apply().assertHas(layout.graph(), layout.tokenizer());
    }
  }

  /** Without a list of modules nothing leads from a first module's folder to the model's. */
  private static Stream<Layout> graphs() {
    return all()
        .filter(layout -> layout.graph().endsWith(".onnx"))
        .filter(layout -> layout.modules() != null || !layout.tokenizer().startsWith("0_"));
  }

  @ParameterizedTest
  @MethodSource("graphs")
  void thePathOfAGraphFindsItsModel(Layout layout) throws IOException {
    Map<String, String> entries = layout.entries();
    Path directory = folder.resolve("m");
    TinyModels.writeFiles(directory.resolve("n"), entries);
    Path jar = Archives.write(folder.resolve("m.jar"), entries);
    String graph = layout.graph();
    List<CallableRaisingIOE<Found>> places =
        List.of(
            () -> find(directory + "/n/" + graph, null),
            () -> find("file:" + directory + "/n/" + graph, null),
            () -> find("far:" + directory + "/n/" + graph, null),
            () -> find("spark-files:n/" + graph, null),
            () -> onClassPath("classpath:" + graph, null, jar),
            () -> onClassPath("classpath:n/" + graph, null, directory));
    boolean onlyOneTokenizer =
        layout.files().indexOf("tokenizer.json") == layout.files().lastIndexOf("tokenizer.json");
    for (CallableRaisingIOE<Found> place : places) {
      Found found = place.apply();
      String beside = graph.substring(0, graph.lastIndexOf('/') + 1) + "tokenizer.json";
      found.assertHas(
          graph, onlyOneTokenizer || !entries.containsKey(beside) ? layout.tokenizer() : beside);
      assertThat(found.directory.resolve("modules.json").toFile().exists())
          .isEqualTo(layout.modules() != null);
    }
  }

  @Test
  void theTokenizerBesideANamedGraphIsItsOwn() throws IOException {
    Layout layout =
        new Layout(
            ROOT,
            "tokenizer.json onnx/tokenizer.json onnx/int8.onnx",
            "onnx/int8.onnx",
            "onnx/int8.onnx",
            "onnx/tokenizer.json");
    weightsAndTokenizerAreFoundWhereverTheModelIs(layout);
    thePathOfAGraphFindsItsModel(layout);
  }

  private void refused(Layout layout, String... words) throws IOException {
    for (CallableRaisingIOE<Found> place : places(layout)) {
      var refusal = assertThatThrownBy(place::apply).isInstanceOf(UserError.class);
      Stream.of(words).forEach(refusal::hasMessageContaining);
    }
    try (Stream<Path> tree = Files.walk(cache)) {
      assertThat(tree.filter(Files::isRegularFile))
          .as("copied, but for archives as a whole")
          .allMatch(file -> file.endsWith(".archive"));
    }
  }

  @Test
  void graphsToChooseFromAreListed() throws IOException {
    refused(
        new Layout(
            ROOT,
            "tokenizer.json onnx/model_O4.onnx onnx/model_quantized.onnx x.onnx",
            null,
            "",
            ""),
        "no graph at model.onnx or onnx/model.onnx",
        "found onnx/model_O4.onnx, onnx/model_quantized.onnx, x.onnx",
        "--model-file onnx/model_O4.onnx");
  }

  @Test
  void aFileNameOfSeveralGraphsIsRefused() throws IOException {
    refused(
        new Layout(ROOT, "tokenizer.json onnx/int8.onnx more/int8.onnx", "int8.onnx", "", ""),
        "several graphs called int8.onnx: more/int8.onnx, onnx/int8.onnx",
        "--model-file more/int8.onnx");
  }

  @ParameterizedTest
  @ValueSource(strings = {"onnx/model.onnx", "model.onnx", "none.onnx"})
  void aStaticModelHasNoGraphToChoose(String modelFile) throws IOException {
    refused(
        new Layout(
            STATIC.formatted(""),
            "tokenizer.json model.safetensors onnx/model.onnx",
            modelFile,
            "",
            ""),
        "is static",
        "--model-file " + modelFile);
  }

  @Test
  void aStaticModelOfPythonsOwnFormatIsRefused() throws IOException {
    refused(
        new Layout(
            STATIC.formatted("0_S"),
            "tokenizer.json 0_S/pytorch_model.bin onnx/model.onnx",
            null,
            "",
            ""),
        "no matrix at 0_S/model.safetensors or model.safetensors",
        "pytorch_model.bin can be read by Python only");
  }

  @ParameterizedTest
  @ValueSource(strings = {"../x", "a/../../x", "/tmp", "..\\\\x"})
  void aModuleOutsideTheModelIsRefused(String path) throws IOException {
    refused(
        new Layout(
            "[{\"path\": \"%s\", \"type\": \"sentence_transformers.models.Transformer\"}]"
                .formatted(path),
            "tokenizer.json model.onnx",
            null,
            "",
            ""),
        "modules.json has a module at path '",
        "not inside the model");
  }

  @Test
  void aListOfModulesThatIsNoJsonIsRefusedBeforeAnythingIsCopied() throws IOException {
    refused(new Layout("[{", "tokenizer.json model.onnx", null, "", ""), "modules.json", "JSON");
  }

  @Test
  void whatOfAModelIsCopied() throws IOException {
    String modules =
        """
        [{"path": "0_Transformer", "type": "sentence_transformers.models.Transformer"},
         {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
         {"path": "2_Dense/", "type": "sentence_transformers.models.Dense"},
         {"path": "3_Dense", "type": "sentence_transformers.models.Dense"}]""";
    List<String> wanted =
        List.of(
            "0_Transformer/chat_template.jinja",
            "0_Transformer/config.json",
            "0_Transformer/model.onnx",
            "0_Transformer/sentence_bert_config.json",
            "0_Transformer/tokenizer.json",
            "0_Transformer/tokenizer_config.json",
            "1_Pooling/config.json",
            "2_Dense/config.json",
            "2_Dense/model.safetensors",
            "3_Dense/config.json",
            "config_sentence_transformers.json",
            "modules.json");
    String useless =
        " 0_Transformer/model.safetensors 0_Transformer/model.safetensors.index.json"
            + " 0_Transformer/pytorch_model.bin 2_Dense/pytorch_model.bin model.safetensors"
            + " checkpoint-5/model.safetensors 3_Dense/pytorch_model.bin 3_Dense/README.md"
            + " 0_Transformer/onnx/model.onnx onnx/model.onnx";
    Layout layout = new Layout(modules, String.join(" ", wanted) + useless, null, "", "");
    List<String> copied = new ArrayList<>(wanted);
    // Without a byte: it says that there are weights, which cannot be read.
    copied.add("3_Dense/pytorch_model.bin");
    var places = places(layout);
    for (var place : places.subList(1, places.size())) {
      Path copy = place.apply().directory;
      try (Stream<Path> tree = Files.walk(copy)) {
        assertThat(tree.filter(Files::isRegularFile).map(f -> copy.relativize(f).toString()))
            .containsExactlyInAnyOrderElementsOf(copied);
      }
      assertThat(copy.resolve("3_Dense/pytorch_model.bin")).isEmptyFile();
    }
  }

  @Test
  void aGraphNamedFarAwayIsFoundInItsCopyWithoutTheNetwork() throws IOException {
    Layout layout = new Layout(null, "tokenizer.json model.onnx onnx/model.onnx", null, "", "");
    TinyModels.writeFiles(folder.resolve("m"), layout.entries());
    String uri = "far:" + folder + "/m/onnx/model.onnx";
    ModelStore store = FarAway.store(cache);
    store.open(uri, null);
    FarAway.down = true;
    assertThat(store.open(uri, null).onnxFile()).hasContent("onnx/model.onnx");
  }

  @Test
  void aGraphThatIsNotThereIsSaid() throws IOException {
    TinyModels.writeFiles(
        folder.resolve("m"),
        new Layout(ROOT, "tokenizer.json onnx/a.onnx", null, "", "").entries());
    for (String uri : List.of("", "far:", "file:")) {
      assertThatThrownBy(() -> find(uri + folder + "/m/a.onnx", null))
          .isInstanceOf(UserError.class)
          .hasMessageContaining("there is no file " + folder + "/m/a.onnx");
    }
  }
}
