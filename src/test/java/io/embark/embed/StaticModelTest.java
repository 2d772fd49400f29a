package io.embark.embed;

import static io.embark.testing.TinyStaticModels.DIM;
import static io.embark.testing.TinyStaticModels.mean;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.embark.UserError;
import io.embark.onnx.DeviceChoice;
import io.embark.pooling.Norm;
import io.embark.testing.SafeTensorsFiles;
import io.embark.testing.TinyStaticModels;
import io.embark.text.Chunk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Static models through everything that an embedder does. */
class StaticModelTest {
  private static final String QUERY = "query: ";

  @TempDir private Path directory;

  @BeforeEach
  void write() throws IOException {
    TinyStaticModels.write(directory, true);
  }

  private EmbedderConfig config() {
    return EmbedderConfig.of(directory.toString());
  }

  private static float[] unit(float[] vector) {
    Norm.L2.apply(vector);
    return vector;
  }

  private static void assertEqual(float[] found, float[] wanted) {
    assertThat(found).containsExactly(wanted, within(1e-6f));
  }

  @Test
  void itIsTheScaledMeanOfTheTokens() throws IOException {
    try (Embedder embedder = Embedder.open(config())) {
      float[][] vectors = embedder.embed(List.of("The cats sat.", "zebra", "", " \u0085 "));
      assertEqual(vectors[0], unit(mean("the", "cat", "##s", "sat", ".")));
      assertEqual(vectors[1], unit(mean("[UNK]")));
      assertThat(vectors[2]).containsOnly(0);
      assertThat(vectors[3]).containsOnly(0);
      assertThat(embedder.dimension()).isEqualTo(DIM);
      assertThat(embedder.vectorNames()).containsExactly("mean");
      assertThat(embedder.device()).isEqualTo(DeviceChoice.CPU);
      assertThat(embedder.config().text(Setting.POOLING)).isEqualTo("mean");
      assertThat(embedder.config().text(Setting.NORMALIZE)).isEqualTo("l2");
      assertThat(embedder.config().isSet(Setting.STRIP)).isFalse();
      // The driver's settings, resolved again on an executor.
      try (Embedder again = Embedder.open(embedder.config())) {
        assertThat(again.config()).isEqualTo(embedder.config());
      }
    }
  }

  @Test
  void settingsThatSuitItWork() throws IOException {
    EmbedderConfig config = config().toBuilder().normalize(Norm.NONE).truncateDim(3).build();
    try (Embedder embedder = Embedder.open(config.toBuilder().prompt(QUERY).build())) {
      float[] wanted = Arrays.copyOf(mean("query", ":", "cat"), 3);
      assertEqual(embedder.embed(List.of("cat"))[0], wanted);
    }
    EmbedderConfig cut = config().toBuilder().maxLength(2).build();
    try (Embedder embedder = Embedder.open(cut)) {
      assertEqual(embedder.embed(List.of("cat dog the the"))[0], unit(mean("cat", "dog")));
    }
  }

  @Test
  void longTextsAreNotCut() throws IOException {
    try (Embedder embedder = Embedder.open(config())) {
      String text = "cat ".repeat(30_000) + "dog ".repeat(30_000);
      float[] wanted = unit(mean("cat", "dog"));
      assertThat(embedder.embed(List.of(text))[0]).containsExactly(wanted, within(1e-5f));
    }
  }

  @Test
  void theCutOfItsTokenizerFileIsKept() throws IOException {
    TinyStaticModels.writeTokenizer(directory.resolve("tokenizer.json"), 3);
    try (Embedder embedder = Embedder.open(config())) {
      assertEqual(embedder.embed(List.of("cat cat dog the"))[0], unit(mean("cat", "cat", "dog")));
      assertThat(embedder.config().get(Setting.MAX_LENGTH)).isEqualTo(3);
      assertThat(embedder.config().origin(Setting.MAX_LENGTH)).contains("tokenizer.json");
    }
    String json = Files.readString(directory.resolve("tokenizer.json"));
    Files.writeString(directory.resolve("tokenizer.json"), json.replace("Right", "Left"));
    assertThatThrownBy(() -> Embedder.open(config()))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("tokenizer.json")
        .hasMessageContaining("left");
  }

  @Test
  void filesOfTransformersAreNotRead() throws IOException {
    Files.writeString(
        directory.resolve("tokenizer_config.json"),
        "{\"do_lower_case\": false, \"model_max_length\": 4, \"truncation_side\": \"left\"}");
    Files.writeString(directory.resolve("sentence_bert_config.json"), "{\"max_seq_length\": 2}");
    Files.writeString(
        directory.resolve("config.json"),
        "{\"model_type\": \"model2vec\", \"hidden_dim\": 8, \"normalize\": true}");
    try (Embedder embedder = Embedder.open(config())) {
      float[] wanted = unit(mean("cat", "dog", "the", "a", "sat"));
      assertEqual(embedder.embed(List.of("CAT dog the a sat"))[0], wanted);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "pooling|cls",
        "pooling|mean,max",
        "layers|0",
        "layers|first+last",
        "model-output|x",
        "token-states|true",
        "exclude-special-tokens|true",
        "exclude-prompt|true",
        "precision|int8",
        "device|cuda",
        "device|tensorrt",
      })
  void whatMakesNoSenseIsRefused(String key, String value) {
    Setting<?> setting =
        Setting.ALL.stream().filter(s -> s.key().equals(key)).findFirst().orElseThrow();
    EmbedderConfig config = config().toBuilder().set(setting, value, "test").build();
    assertThatThrownBy(() -> Embedder.open(config))
        .isInstanceOf(UserError.class)
        .hasMessageStartingWith(key + ": " + value + " (test)")
        .hasMessageContaining(directory.toString())
        .hasMessageContaining("is static");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "pooling|mean",
        "layers|-1",
        "token-states|false",
        "exclude-prompt|false",
        "precision|float",
        "device|auto",
        "device|cpu",
        "strip|earlier",
        "concat|true",
        "padding|always",
        "token-budget|1",
        "intra-op-threads|2",
        "shape-buckets|on",
      })
  void whatChangesNothingIsTaken(String key, String value) throws IOException {
    Setting<?> setting =
        Setting.ALL.stream().filter(s -> s.key().equals(key)).findFirst().orElseThrow();
    EmbedderConfig config = config().toBuilder().set(setting, value, "test").build();
    try (Embedder embedder = Embedder.open(config)) {
      List<String> texts = List.of("the cat", "a dog ran", "mat", "");
      float[][] vectors = embedder.embed(texts);
      assertEqual(vectors[0], unit(mean("the", "cat")));
      assertEqual(vectors[1], unit(mean("a", "dog", "ran")));
      assertThat(vectors[3]).containsOnly(0);
    }
  }

  @Test
  void aStreamAccountsForItsTexts() throws IOException {
    EmbedderConfig config = config().toBuilder().maxLength(3).build();
    List<String> texts =
        new ArrayList<>(Arrays.asList("the cat", " ", null, "zebra dog", "the cat"));
    texts.add("a cat sat on the mat");
    try (Embedder embedder = Embedder.open(config)) {
      List<Embedding> found = new ArrayList<>();
      new EmbeddingStream<>(
              embedder, texts.iterator(), text -> text, (text, e) -> e, EmbeddingStats.NOBODY)
          .forEachRemaining(found::add);
      assertThat(found.stream().map(Embedding::status))
          .containsExactly(
              Status.OK, Status.BLANK_TEXT, Status.NULL_TEXT, Status.OK, Status.OK, Status.OK);
      assertThat(found.get(0).tokenCount()).isEqualTo(2);
      assertThat(found.get(0).unknownTokenRatio()).isZero();
      assertThat(found.get(3).unknownTokenRatio()).isEqualTo(0.5);
      assertThat(found.get(4).vector()).isEqualTo(found.get(0).vector());
      assertThat(found.get(5).truncated()).isTrue();
      assertThat(found.get(5).tokenCount()).isEqualTo(6);
      assertEqual(found.get(5).vector(), unit(mean("a", "cat", "sat")));
    }
  }

  @Test
  void textsAreCutIntoChunks() throws IOException {
    try (Embedder embedder = Embedder.open(config())) {
      List<Chunk> chunks = new ArrayList<>();
      embedder
          .chunker(8, 0)
          .chunks("the cat sat on the mat. a dog ran on the mat.")
          .forEachRemaining(chunks::add);
      assertThat(chunks).hasSize(2);
      List<Chunk> whole = new ArrayList<>();
      embedder.chunker(0, 0).chunks("the cat sat. ".repeat(1_000)).forEachRemaining(whole::add);
      assertThat(whole).hasSize(1);
    }
  }

  @Test
  void layersBehindTheMeanAreRun() throws IOException {
    Files.writeString(
        directory.resolve("modules.json"),
        """
        [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.StaticEmbedding"},
         {"idx": 1, "name": "1", "path": "1_Dense", "type": "sentence_transformers.models.Dense"},
         {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"}]
        """);
    Path dense = Files.createDirectories(directory.resolve("1_Dense"));
    Files.writeString(
        dense.resolve("config.json"),
        "{\"in_features\": 8, \"out_features\": 2, \"bias\": false, \"activation_function\":"
            + " \"torch.nn.modules.linear.Identity\"}");
    float[][] weight = new float[2][DIM];
    weight[0][1] = 2;
    weight[1][5] = -1;
    SafeTensorsFiles.write(dense.resolve("model.safetensors"), "linear.weight", weight);
    try (Embedder embedder = Embedder.open(config())) {
      float[] mean = mean("the", "cat");
      assertEqual(embedder.embed(List.of("the cat"))[0], unit(new float[] {2 * mean[1], -mean[5]}));
      assertThat(embedder.dimension()).isEqualTo(2);
    }
  }

  @Test
  void aMatrixOfAnotherModelIsRefused() throws IOException {
    float[][] fewer = Arrays.copyOf(TinyStaticModels.matrix(), 10);
    SafeTensorsFiles.write(directory.resolve("model.safetensors"), "embedding.weight", fewer);
    assertThatThrownBy(() -> Embedder.open(config()))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("token ids up to 15")
        .hasMessageContaining("10 rows of 8 values");
  }

  @Test
  void theMatrixIsPartOfTheFingerprint() throws IOException {
    EmbedderConfig first;
    try (Embedder embedder = Embedder.open(config())) {
      first = embedder.config();
    }
    float[][] other = TinyStaticModels.matrix();
    other[4][0] += 1;
    SafeTensorsFiles.write(directory.resolve("model.safetensors"), "embedding.weight", other);
    EmbedderConfig wanted = first.toBuilder().wantedModel("0".repeat(64)).build();
    assertThatThrownBy(() -> Embedder.open(wanted)).isInstanceOf(IllegalStateException.class);
  }
}
