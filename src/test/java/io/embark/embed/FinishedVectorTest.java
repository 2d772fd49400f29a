package io.embark.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.embark.UserError;
import io.embark.pooling.Norm;
import io.embark.pooling.Pooling;
import io.embark.testing.SafeTensorsFiles;
import io.embark.testing.TinyModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Graphs that give a vector with everything in it, as well as the states of tokens, or alone. */
class FinishedVectorTest {
  /** Half the first token's state. */
  private static final TinyModels GRAPH =
      TinyModels.graph().hiddenSize(6).poolerName("sentence_embedding");

  private static final String MODULES =
      """
      [{"idx": 0, "path": "", "type": "sentence_transformers.models.Transformer"},
       {"idx": 1, "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}]
      """;
  private static final List<String> TEXTS = List.of("hello world", "a");

  @TempDir Path model;

  private EmbedderConfig.Builder config() {
    return EmbedderConfig.builder().model(model.toString());
  }

  private static float[][] embed(EmbedderConfig.Builder config) throws IOException {
    try (Embedder embedder = Embedder.open(config.build())) {
      return embedder.embed(TEXTS);
    }
  }

  private static float[] half() {
    // [CLS] is 101 in MiniLM's vocabulary.
    return GRAPH.pooled(101);
  }

  @Test
  void itIsTakenWhereTheFilesSayNothing() throws IOException {
    GRAPH.writeDirectory(model);
    try (Embedder embedder = Embedder.open(config().build())) {
      assertThat(embedder.config().text(Setting.POOLING)).isEqualTo("sentence_embedding");
      assertThat(embedder.config().origin(Setting.POOLING)).contains("sentence_embedding");
      assertThat(embedder.vectorNames()).containsExactly("sentence_embedding");
      assertThat(embedder.embed(TEXTS)[0]).containsExactly(half(), within(1e-6f));
    }
    assertThat(embed(config().pooling(Pooling.MEAN))[0]).isNotEqualTo(half());
    assertThat(embed(config().normalize(Norm.L2).truncateDim(3))[0]).hasSize(3);
  }

  @Test
  void itIsTakenWhereThereIsNothingElse() throws IOException {
    GRAPH
        .hiddenName(null)
        .writeDirectory(
            model,
            Map.of(
                "modules.json", MODULES, "1_Pooling/config.json", "{\"pooling_mode\": \"cls\"}"));
    assertThat(embed(config())[0]).containsExactly(half(), within(1e-6f));
    assertThatThrownBy(() -> embed(config().pooling(Pooling.CLS)))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("pooling cls")
        .hasMessageContaining("sentence_embedding");
    GRAPH.hiddenName("last_hidden_state");
  }

  @Test
  void oneThatMayLackAModuleIsRefusedUntilTheUserChooses() throws IOException {
    TinyModels alone =
        TinyModels.graph().hiddenSize(6).hiddenName(null).poolerName("sentence_embedding");
    String chain =
        MODULES
            .strip()
            .replace(
                "}]",
                "}, {\"path\": \"2_N\", \"type\": \"sentence_transformers.models.Normalize\"},"
                    + " {\"path\": \"3_D\", \"type\": \"sentence_transformers.models.Dense\"}]");
    alone.writeDirectory(
        model,
        Map.of(
            "modules.json",
            MODULES,
            "1_Pooling/config.json",
            "{\"pooling_mode\": \"cls\"}",
            "config.json",
            "{\"hidden_size\": 4}"));
    assertThatThrownBy(() -> embed(config()))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("6 values")
        .hasMessageContaining("one of 4")
        .hasMessageContaining("--pooling sentence_embedding");
    assertThat(embed(config().pooling(Pooling.SENTENCE_EMBEDDING))[0]).hasSize(6);
    TinyModels.writeFiles(model, Map.of("config.json", "{\"hidden_size\": 6}"));
    assertThat(embed(config())[0]).containsExactly(half(), within(1e-6f));
    TinyModels.writeFiles(
        model,
        Map.of(
            "modules.json",
            chain,
            "3_D/config.json",
            "{\"in_features\": 6, \"out_features\": 2, \"bias\": false}"));
    SafeTensorsFiles.write(
        model.resolve("3_D/model.safetensors"), "linear.weight", new float[2][6]);
    assertThatThrownBy(() -> embed(config()))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("modules behind the pooling (")
        .hasMessageContaining("3_D")
        .hasMessageContaining("--pooling sentence_embedding");
    assertThat(embed(config().pooling(Pooling.SENTENCE_EMBEDDING))[0]).hasSize(6);
  }

  /** Whoever only sets whether vectors are normalised still gets the comparison. */
  @Test
  void directionsAreComparedWhereOnlyTheLengthIsChosen() throws IOException {
    GRAPH.writeDirectory(
        model,
        Map.of("modules.json", MODULES, "1_Pooling/config.json", "{\"pooling_mode\": \"mean\"}"));
    assertThatThrownBy(() -> embed(config().normalize(Norm.L2)))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("cosine");
    Files.writeString(model.resolve("1_Pooling/config.json"), "{\"pooling_mode\": \"cls\"}");
    assertThat(embed(config().normalize(Norm.L2))[0]).hasSize(6);
    assertThat(embed(config().normalize(Norm.NONE))[0]).hasSize(6);
  }

  /** XLNet's kind of template: the last token is of type 2. */
  @Test
  void tokensOfOtherTypesAreRefusedWhereTheGraphTakesThem() throws IOException {
    TinyModels graph = TinyModels.graph().hiddenSize(6).poolerName(null);
    graph.writeDirectory(model);
    Path tokenizer = model.resolve("tokenizer.json");
    String file = Files.readString(tokenizer);
    String typed = file.replaceAll("(\"id\":\\s*\"\\[SEP]\",\\s*\"type_id\":\\s*)0", "$12");
    assertThat(typed).isNotEqualTo(file);
    Files.writeString(tokenizer, typed);
    assertThatThrownBy(() -> embed(config()))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("post_processor")
        .hasMessageContaining("token_type_ids");
    graph.withoutInput("token_type_ids").write(model.resolve("model.onnx"));
    assertThat(embed(config())[0]).hasSize(6);
  }

  @Test
  void oneThatIsNotWhatTheFilesSayIsRefusedUntilTheUserChooses() throws IOException {
    GRAPH.writeDirectory(
        model,
        Map.of("modules.json", MODULES, "1_Pooling/config.json", "{\"pooling_mode\": \"mean\"}"));
    assertThatThrownBy(() -> embed(config()))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("pooling mean from model's 1_Pooling/config.json")
        .hasMessageContaining("cosine")
        .hasMessageContaining("--pooling sentence_embedding")
        .hasMessageContaining("--pooling mean");
    assertThatCode(() -> embed(config().pooling(Pooling.MEAN))).doesNotThrowAnyException();
    assertThat(embed(config().pooling(Pooling.SENTENCE_EMBEDDING))[0])
        .containsExactly(half(), within(1e-6f));
    // Only its length is another: half of [CLS].
    Files.writeString(model.resolve("1_Pooling/config.json"), "{\"pooling_mode\": \"cls\"}");
    assertThatThrownBy(() -> embed(config()))
        .hasMessageContaining("cosine 1.0000, length 0.5000 times");
  }

  @Test
  void oneOfUndeclaredWidthIsMeasured() throws IOException {
    TinyModels.graph()
        .hiddenSize(6)
        .hiddenName(null)
        .poolerName("sentence_embedding")
        .undeclaredHiddenSize()
        .writeDirectory(model);
    try (Embedder embedder = Embedder.open(config().build())) {
      assertThat(embedder.dimension()).isEqualTo(6);
      assertThat(embedder.embed(TEXTS)[1]).containsExactly(half(), within(1e-6f));
    }
  }

  /** CLS and last token would else be the first values of a wider state. */
  @Test
  void statesOfUndeclaredWidthAreMeasured() throws IOException {
    TinyModels graph =
        TinyModels.graph().hiddenSize(6).hiddenName("out").poolerName(null).undeclaredHiddenSize();
    graph.writeDirectory(model);
    try (Embedder embedder = Embedder.open(config().pooling(Pooling.CLS).build())) {
      assertThat(embedder.embed(TEXTS)[0]).containsExactly(GRAPH.state(101), within(1e-6f));
    }
    // Six values a token are no states of four.
    TinyModels.writeFiles(model, Map.of("config.json", "{\"hidden_size\": 4}"));
    assertThatThrownBy(() -> embed(config().pooling(Pooling.CLS)))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("out:float")
        .hasMessageContaining("6 values")
        .hasMessageContaining("hidden_size 4")
        .hasMessageContaining("--model-output");
    EmbedderConfig.Builder named =
        config().pooling(Pooling.CLS).set(Setting.MODEL_OUTPUT, "out", "test");
    assertThat(embed(named)[0]).hasSize(6);
  }

  @Test
  void anOutputOfAnyNameCanBeNamed() throws IOException {
    TinyModels.graph().hiddenSize(6).poolerName("out_7").writeDirectory(model);
    assertThat(embed(config().pooling(Pooling.POOLER))[0]).containsExactly(half(), within(1e-6f));
    EmbedderConfig.Builder named = config().set(Setting.MODEL_OUTPUT, "out_7", "test");
    try (Embedder embedder = Embedder.open(named.build())) {
      assertThat(embedder.config().text(Setting.POOLING)).isEqualTo("sentence_embedding");
      assertThat(embedder.embed(TEXTS)[0]).containsExactly(half(), within(1e-6f));
    }
    assertThatThrownBy(() -> embed(config().set(Setting.MODEL_OUTPUT, "out_8", "test")))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("out_8")
        .hasMessageContaining("out_7");
    assertThatThrownBy(() -> embed(config().pooling(Pooling.SENTENCE_EMBEDDING)))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("--model-output");
  }

  @Test
  void layersThatCannotBeFoundAreThoseOfAFile() throws IOException {
    TinyModels.graph()
        .hiddenSize(6)
        .poolerName(null)
        .writeDirectory(
            model,
            Map.of(
                "sentence_bert_config.json",
                "{\"module_output_name\": \"token_embeddings\", \"modality_config\": {\"text\":"
                    + " {\"method\": \"forward\", \"method_output_name\": [\"hidden_states\", -2]}}}"));
    assertThatThrownBy(() -> embed(config()))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("Layers -2 are set by model's sentence_bert_config.json")
        .hasMessageContaining("Cannot find the encoder layers");
  }

  @Test
  void aModelsOwnCutLeavesLengthsAsTheyAre() throws IOException {
    TinyModels.graph()
        .hiddenSize(6)
        .poolerName(null)
        .writeDirectory(
            model,
            Map.of(
                "modules.json",
                MODULES.replace(
                    "]\n",
                    ", {\"path\": \"2_N\", \"type\": \"sentence_transformers.models.Normalize\"}]"),
                "1_Pooling/config.json",
                "{\"pooling_mode\": \"mean\"}",
                "config_sentence_transformers.json",
                "{\"truncate_dim\": 2}"));
    float[] whole = embed(config().truncateDim(0))[0];
    float[] own = embed(config())[0];
    assertThat(own).containsExactly(new float[] {whole[0], whole[1]}, within(1e-6f));
    assertThat(Math.hypot(own[0], own[1])).isLessThan(0.99);
    TinyModels.writeFiles(
        model, Map.of("config_sentence_transformers.json", "{\"truncate_dim\": 7}"));
    assertThat(embed(config())[0]).containsExactly(whole);
    assertThatThrownBy(() -> embed(config().truncateDim(7))).isInstanceOf(UserError.class);
    TinyModels.writeFiles(
        model, Map.of("config_sentence_transformers.json", "{\"truncate_dim\": 2}"));
    float[] asked = embed(config().truncateDim(2))[0];
    assertThat(Math.hypot(asked[0], asked[1])).isCloseTo(1, within(1e-5));
    try (Embedder embedder = Embedder.open(config().build())) {
      VectorProvenance made = VectorProvenance.of(embedder.config(), "f", "mean", 2);
      assertThat(made.json()).contains("\"rescaleTruncated\":\"false\"");
      EmbedderConfig again = made.truncated(made.config());
      assertThat(embed(again.toBuilder())[0]).containsExactly(own);
    }
  }
}
