package io.embark.model.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnx.proto.OnnxMl.ModelProto;
import io.embark.UserError;
import io.embark.embed.Embedder;
import io.embark.embed.EmbedderConfig;
import io.embark.model.Fingerprint;
import io.embark.model.ModelDirectory;
import io.embark.onnx.ExternalWeights;
import io.embark.testing.TinyModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A cache laid out as huggingface_hub does it: files are links to blobs named by their hash. */
class HubNameTest {
  private static final String NAME = "some-org/a_model.v2";
  private static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";
  private static final String OLDER = "f".repeat(40);

  @TempDir Path folder;
  private Path hub;
  private Path model;
  private ModelStore store;

  @BeforeEach
  void open() {
    store = FarAway.store(folder);
    hub = folder.resolve("hub");
    model = hub.resolve("models--some-org--a_model.v2");
  }

  /** Links a file into a snapshot. */
  private void put(String commit, String file, byte[] contents) throws IOException {
    Path blob = model.resolve("blobs").resolve(Fingerprint.of(contents));
    Path link = model.resolve("snapshots").resolve(commit).resolve(file);
    Files.createDirectories(blob.getParent());
    Files.createDirectories(link.getParent());
    Files.write(blob, contents);
    Files.createSymbolicLink(link, link.getParent().relativize(blob));
  }

  private void put(String commit, Map<String, String> files) throws IOException {
    for (Map.Entry<String, String> file : files.entrySet()) {
      put(commit, file.getKey(), file.getValue().getBytes());
    }
  }

  private void ref(String name, String commit) throws IOException {
    TinyModels.writeFiles(model.resolve("refs"), Map.of(name, commit));
  }

  @ParameterizedTest
  @CsvSource({
    "a/b, a/b, main",
    "sentence-transformers/all-MiniLM-L6-v2, sentence-transformers/all-MiniLM-L6-v2, main",
    "BAAI/bge-m3@refs/pr/3, BAAI/bge-m3, refs/pr/3",
    "a/b@v1.5, a/b, v1.5"
  })
  void whatMayBeAName(String text, String repository, String revision) {
    assertThat(HubName.of(text)).contains(new HubName(text, repository, revision));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a",
        "/a/b",
        "./a/b",
        "../b",
        "a/b/c",
        "a/b@",
        "a/b@../../x",
        "a/b@/x",
        "~/m",
        "a/.b",
        "a//b",
        "a/b c",
        "a/b@x/../../..",
        "C:/m"
      })
  void whatIsNoName(String text) {
    assertThat(HubName.of(text)).isEqualTo(Optional.empty());
  }

  @Test
  void theSnapshotOfABranchOrCommitIsUsedWhereItLies() throws IOException {
    put(COMMIT, Map.of("onnx/model.onnx", "new", "tokenizer.json", "{}"));
    put(COMMIT, Layout.POOLED);
    put(OLDER, Map.of("model.onnx", "old", "tokenizer.json", "{}"));
    ref("main", COMMIT + "\n");
    ref("v1", OLDER);
    ref("refs/pr/3", OLDER);
    Path snapshots = model.resolve("snapshots");
    for (String revision : List.of("", "@main", "@" + COMMIT)) {
      ModelDirectory read = store.open(NAME + revision, null);
      assertThat(read.onnxFile()).isEqualTo(snapshots.resolve(COMMIT + "/onnx/model.onnx"));
      assertThat(read.name()).isEqualTo(NAME + revision);
    }
    for (String revision : List.of("@v1", "@refs/pr/3", "@" + OLDER)) {
      assertThat(store.open(NAME + revision, null).onnxFile()).hasContent("old");
    }
    String fingerprint = store.open(NAME, null).fingerprint();
    assertThat(store.openSame(NAME, null, fingerprint).onnxFile()).hasContent("new");
    assertThatThrownBy(() -> store.openSame(NAME + "@v1", null, fingerprint))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("not the same here as on the driver");
    assertThat(folder.resolve("models")).as("copies").doesNotExist();
  }

  @Test
  void aModelOfLinksComputesWhatAModelOfFilesDoes() throws IOException {
    Path plain = TinyModels.graph().writeDirectory(folder.resolve("plain"));
    ModelProto graph = ModelProto.parseFrom(Files.readAllBytes(plain.resolve("model.onnx")));
    Path apart = Files.createDirectory(folder.resolve("apart"));
    Path onnxFile = ExternalWeights.save(graph, apart, "model.onnx_data");
    put(COMMIT, "onnx/model.onnx", Files.readAllBytes(onnxFile));
    put(COMMIT, "onnx/model.onnx_data", Files.readAllBytes(apart.resolve("model.onnx_data")));
    put(OLDER, "onnx/model.onnx", Files.readAllBytes(plain.resolve("model.onnx")));
    put(OLDER, "tokenizer.json", Files.readAllBytes(plain.resolve("tokenizer.json")));
    put(COMMIT, "tokenizer.json", Files.readAllBytes(plain.resolve("tokenizer.json")));
    ref("main", COMMIT);
    List<String> texts = List.of("a text", "another, longer text");
    try (Embedder files = Embedder.open(EmbedderConfig.of(plain.toString()), store, 0)) {
      for (String name : List.of(NAME, NAME + "@" + OLDER)) {
        try (Embedder links = Embedder.open(EmbedderConfig.of(name), store, 0)) {
          assertThat(links.embed(texts)).isDeepEqualTo(files.embed(texts));
        }
      }
    }
  }

  @Test
  void aDirectoryOfThatNameComesFirst() throws IOException {
    // Relative to the working directory, which is the project's.
    assertThat(Path.of("src/main")).isDirectory();
    assertThatThrownBy(() -> store.open("src/main", null))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("no graph at model.onnx")
        .hasMessageNotContaining("hub");
  }

  private void refused(String name, String... words) {
    var refusal =
        assertThatThrownBy(() -> store.open(name, null))
            .isInstanceOf(UserError.class)
            .hasMessageContaining("Embark downloads nothing")
            .hasMessageContaining("hf download " + NAME)
            .hasMessageContaining(
                "SentenceTransformer(\"%s\", backend=\"onnx\").save_pretrained(".formatted(NAME))
            .hasMessageContaining("optimum-cli export onnx");
    for (String word : words) {
      refusal.hasMessageContaining(word);
    }
  }

  @Test
  void whatTheCacheDoesNotHoldIsSaidWithTheWayOut() throws IOException {
    refused(NAME, "no directory " + Path.of(NAME).toAbsolutePath(), "no folder " + model);
    Files.createDirectories(model);
    refused(NAME, model + " has neither a file refs/main nor a folder snapshots/main");
    refused(NAME + "@v2", "refs/v2", "hf download %s --revision v2".formatted(NAME));
    ref("main", COMMIT);
    refused(NAME, "refs/main names the commit " + COMMIT, "no folder " + model);
    ref("empty", "");
    refused(NAME + "@empty", "names the commit");
  }

  @Test
  void aSnapshotWithoutAGraphIsSaidWithTheWayOut() throws IOException {
    put(COMMIT, Map.of("model.safetensors", "x", "tokenizer.json", "{}"));
    ref("main", COMMIT);
    Path snapshot = model.resolve("snapshots").resolve(COMMIT);
    refused(
        NAME, "no graph at model.onnx", "found model.safetensors, tokenizer.json", "" + snapshot);
    put(COMMIT, Map.of("onnx/model_O4.onnx", "x"));
    refused(NAME, "found onnx/model_O4.onnx. Choose one with --model-file");
    assertThat(store.open(NAME, "model_O4.onnx").onnxFile()).hasContent("x");
    // Its download was not finished.
    put(COMMIT, Map.of("model.onnx", "the blob goes"));
    Files.delete(snapshot.resolve("model.onnx").toRealPath());
    refused(NAME, "no graph at model.onnx");
  }

  @Test
  void aStaticModelNeedsNoGraph() throws IOException {
    String modules =
        "[{\"path\": \"0_S\", \"type\": \"sentence_transformers.models.StaticEmbedding\"}]";
    put(COMMIT, Map.of("modules.json", modules, "0_S/model.safetensors", "x"));
    put(COMMIT, Map.of("0_S/tokenizer.json", "{}"));
    ref("main", COMMIT);
    assertThat(HubName.of(NAME).orElseThrow().find(hub, null))
        .isEqualTo(model.resolve("snapshots").resolve(COMMIT));
  }

  @Test
  void aNameWithoutItsFirstPartIsExplained() {
    assertThatThrownBy(() -> store.open("All-minilm-l6-v2", null))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("is called builtin:all-MiniLM-L6-v2");
    assertThatThrownBy(() -> store.open("all-mpnet-base-v2", null))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("does not exist")
        .hasMessageContaining("sentence-transformers/all-mpnet-base-v2")
        .hasMessageContaining("Embark downloads nothing");
    for (String file : List.of("none.onnx", "none.zip", "a/none.zip")) {
      assertThatThrownBy(() -> store.open(file, null))
          .isInstanceOf(UserError.class)
          .hasMessageContaining("does not exist")
          .hasMessageNotContaining("hub");
    }
  }
}
