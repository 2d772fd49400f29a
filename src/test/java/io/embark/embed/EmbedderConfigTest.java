package io.embark.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.embark.model.ModelDirectory;
import io.embark.model.ModelDirectory.Sourced;
import io.embark.model.ModelWishes;
import io.embark.onnx.graph.GraphTraits;
import io.embark.pooling.Norm;
import io.embark.pooling.Pooling;
import io.embark.token.TokenizerFiles;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class EmbedderConfigTest {
  private static final String FILE = "the file";

  private static ModelDirectory model(String defaultPrompt, Map<String, String> prompts) {
    return model(
        Optional.of(new Sourced<>(List.of(Pooling.CLS), "1_Pooling/config.json")),
        Optional.of(new Sourced<>(Norm.L2, "modules.json")),
        Optional.of(new Sourced<>(128, "sentence_bert_config.json")),
        Optional.of(new Sourced<>(512, "config.json")),
        prompts,
        Optional.ofNullable(defaultPrompt).map(n -> new Sourced<>(n, "config_st.json")),
        true);
  }

  private static ModelDirectory model(
      Optional<Sourced<List<Pooling>>> poolings,
      Optional<Sourced<Norm>> norm,
      Optional<Sourced<Integer>> maxLength,
      Optional<Sourced<Integer>> positions,
      Map<String, String> prompts,
      Optional<Sourced<String>> defaultPrompt,
      boolean sentenceModel) {
    return new ModelDirectory(
        "m",
        Path.of("model.onnx"),
        false,
        TokenizerFiles.of(Path.of("tokenizer.json")),
        GraphTraits.UNKNOWN,
        new ModelWishes(
            poolings,
            Optional.empty(),
            List.of(),
            norm,
            Optional.empty(),
            Optional.empty(),
            maxLength,
            positions,
            prompts,
            defaultPrompt,
            false),
        0,
        sentenceModel);
  }

  private static final ModelDirectory PLAIN =
      model(
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Map.of(),
          Optional.empty(),
          false);

  @Test
  void whatIsLeftOpenComesFromTheModel() {
    EmbedderConfig config = EmbedderConfig.of("m").resolve(model(null, Map.of()));
    assertThat(config.get(Setting.POOLING)).containsExactly(Pooling.CLS);
    assertThat(config.origin(Setting.POOLING)).isEqualTo("model's 1_Pooling/config.json");
    assertThat(config.get(Setting.NORMALIZE)).isEqualTo(Norm.L2);
    assertThat(config.get(Setting.MAX_LENGTH)).isEqualTo(128);
    assertThat(config.get(Setting.PROMPT)).isEmpty();
    assertThat(config.get(Setting.BUFFER_ROWS)).isEqualTo(2048);
    assertThat(config.origin(Setting.BUFFER_ROWS)).isEqualTo("default");
  }

  @Test
  void aModelWithoutWishesGetsTheDefaults() {
    EmbedderConfig config = EmbedderConfig.of("plain").resolve(PLAIN);
    assertThat(config.get(Setting.POOLING)).containsExactly(Pooling.MEAN);
    assertThat(config.get(Setting.NORMALIZE)).isEqualTo(Norm.NONE);
    assertThat(config.get(Setting.MAX_LENGTH)).isEqualTo(512);
    assertThat(config.origin(Setting.POOLING)).isEqualTo("default");
  }

  @Test
  void whatIsSetWinsOverTheModel() {
    EmbedderConfig config =
        EmbedderConfig.builder()
            .set(Setting.POOLING, "Mean-Sqrt-Len", FILE)
            .set(Setting.NORMALIZE, "NONE", FILE)
            .set(Setting.MAX_LENGTH, "6_4", FILE)
            .set(Setting.PROMPT, "none", FILE)
            .build()
            .resolve(model("q", Map.of("q", "query: ")));
    assertThat(config.get(Setting.POOLING)).containsExactly(Pooling.MEAN_SQRT_LEN);
    assertThat(config.get(Setting.NORMALIZE)).isEqualTo(Norm.NONE);
    assertThat(config.get(Setting.MAX_LENGTH)).isEqualTo(64);
    assertThat(config.get(Setting.PROMPT)).isEmpty();
    assertThat(config.origin(Setting.POOLING)).isEqualTo(FILE);
    // What goes into records is the name, however the user spelt it.
    assertThat(config.text(Setting.POOLING)).isEqualTo("mean_sqrt_len");
    assertThat(config.text(Setting.NORMALIZE)).isEqualTo("none");
    assertThat(config.text(Setting.MAX_LENGTH)).isEqualTo("64");
  }

  @Test
  void aModelOfJoinedPoolingsGetsItsJoinedVectorUnlessToldOtherwise() {
    ModelDirectory joined =
        model(
            Optional.of(new Sourced<>(List.of(Pooling.CLS, Pooling.MEAN), "1_Pooling/config.json")),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Map.of(),
            Optional.empty(),
            true);
    EmbedderConfig config = EmbedderConfig.of("m").resolve(joined);
    assertThat(config.get(Setting.POOLING)).containsExactly(Pooling.CLS, Pooling.MEAN);
    assertThat(config.get(Setting.CONCAT)).isTrue();
    assertThat(config.origin(Setting.CONCAT)).contains("1_Pooling/config.json");
    assertThat(config.resolve(joined)).isEqualTo(config);
    EmbedderConfig chosen = EmbedderConfig.builder().pooling(Pooling.MAX, Pooling.MEAN).build();
    assertThat(chosen.resolve(joined).get(Setting.CONCAT)).isFalse();
  }

  @Test
  void moreTokensThanPositionsAreRefused() {
    EmbedderConfig.Builder settings = EmbedderConfig.builder();
    ModelDirectory model = model(null, Map.of());
    assertThat(settings.maxLength(512).build().resolve(model).get(Setting.MAX_LENGTH))
        .isEqualTo(512);
    assertThatThrownBy(() -> settings.maxLength(513).build().resolve(model))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("max-length: 513 (set in code)")
        .hasMessageContaining("512 tokens only (config.json)");
    assertThat(settings.build().resolve(PLAIN).get(Setting.MAX_LENGTH)).isEqualTo(513);
  }

  private static String prompt(ModelDirectory model, String given) {
    return EmbedderConfig.builder().prompt(given).build().resolve(model).get(Setting.PROMPT);
  }

  @Test
  void aPromptIsANameOrText() {
    ModelDirectory model = model(null, Map.of("query", "Find: ", "passage", ""));
    assertThat(prompt(model, "query")).isEqualTo("Find: ");
    assertThat(prompt(model, "passage")).isEmpty();
    assertThat(prompt(model, "none")).isEmpty();
    assertThat(prompt(model, "")).isEmpty();
    assertThat(prompt(model, "title: ")).isEqualTo("title: ");
    assertThat(prompt(model, "title:")).isEqualTo("title:");
    for (String text :
        List.of("Represent it", "Instruct: find\nQuery:\t", "query>", "文章：", " ", "query ")) {
      assertThat(prompt(model, text)).isEqualTo(text);
    }
    assertThat(prompt(model, "\"query\"")).isEqualTo("query");
    assertThatThrownBy(() -> prompt(model, "qury"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'qury'")
        .hasMessageContaining("query")
        .hasMessageContaining("passage");
  }

  @Test
  void theModelsOwnPromptIsUsedUnlessToldOtherwise() {
    EmbedderConfig config =
        EmbedderConfig.of("m").resolve(model("query", Map.of("query", "Find: ")));
    assertThat(config.get(Setting.PROMPT)).isEqualTo("Find: ");
    assertThat(config.origin(Setting.PROMPT)).contains("config_st.json", "'query'");
  }

  static Stream<Map<String, String>> prompts() {
    return Stream.of(
        Map.of("query", "Find: "),
        Map.of("query", ""),
        // Like those of bge-small-zh, which end in a full-width colon.
        Map.of("query", "为这个句子生成表示以用于检索相关文章："),
        // The text of one is the name of another.
        Map.of("query", "passage", "passage", "other: "));
  }

  /** The driver resolves, and an executor resolves what it was sent once more. */
  @ParameterizedTest
  @MethodSource("prompts")
  void resolvingTwiceIsResolvingOnce(Map<String, String> prompts) {
    ModelDirectory model = model(null, prompts);
    EmbedderConfig once = EmbedderConfig.builder().prompt("query").build().resolve(model);
    assertThat(once.get(Setting.PROMPT)).isEqualTo(prompts.get("query"));
    EmbedderConfig twice = once.toBuilder().intraOpThreads(2).build().resolve(model);
    assertThat(twice.get(Setting.PROMPT)).isEqualTo(prompts.get("query"));
    assertThat(twice.origin(Setting.PROMPT)).isEqualTo(once.origin(Setting.PROMPT));
    assertThat(once.resolve(model)).isEqualTo(once);
  }

  @Test
  void aPromptSetAnewIsReadAnew() {
    ModelDirectory model = model(null, Map.of("query", "Find: ", "passage", "Read: "));
    EmbedderConfig once = EmbedderConfig.builder().prompt("query").build().resolve(model);
    assertThat(once.toBuilder().prompt("passage").build().resolve(model).get(Setting.PROMPT))
        .isEqualTo("Read: ");
  }

  @Test
  void itTravelsWhole() throws Exception {
    EmbedderConfig config =
        EmbedderConfig.builder().prompt("query").build().resolve(model(null, Map.of("query", "Q")));
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(config);
    }
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      EmbedderConfig arrived = (EmbedderConfig) in.readObject();
      assertThat(arrived).isEqualTo(config).hasSameHashCodeAs(config);
      assertThat(arrived.origin(Setting.PROMPT)).isEqualTo(config.origin(Setting.PROMPT));
      assertThat(arrived.resolve(model(null, Map.of("query", "Q")))).isEqualTo(config);
    }
  }

  @Test
  void originsDoNotMakeAnotherConfig() {
    EmbedderConfig one = EmbedderConfig.builder().set(Setting.POOLING, "cls", "a").build();
    EmbedderConfig two = EmbedderConfig.builder().set(Setting.POOLING, "cls", "b").build();
    assertThat(one).isEqualTo(two).hasSameHashCodeAs(two);
    assertThat(one).isNotEqualTo(EmbedderConfig.builder().pooling(Pooling.MEAN).build());
  }

  @Test
  void aBuilderMayBeUsedOn() {
    EmbedderConfig.Builder builder = EmbedderConfig.builder().maxLength(10);
    EmbedderConfig first = builder.build();
    builder.maxLength(20);
    assertThat(first.get(Setting.MAX_LENGTH)).isEqualTo(10);
    first.toBuilder().maxLength(30);
    assertThat(first.get(Setting.MAX_LENGTH)).isEqualTo(10);
  }

  @ParameterizedTest
  @CsvSource({
    "model,' '",
    "pooling,average",
    "normalize,l1",
    "max-length,1",
    "max-length,1e3",
    "max-length,-5",
    "device,gpu",
    "token-budget,0",
    "token-budget,none",
    "intra-op-threads,1025",
    "buffer-rows,0",
    "buffer-chars,3000000000"
  })
  void aBadValueIsRefusedWithItsName(String key, String value) {
    Setting<?> setting =
        Setting.ALL.stream().filter(s -> s.key().equals(key)).findFirst().orElseThrow();
    assertThatThrownBy(() -> EmbedderConfig.builder().set(setting, value, FILE))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(key + ": ");
  }

  @Test
  void everyDefaultIsAValue() {
    for (Setting<?> setting : Setting.ALL) {
      if (setting.defaultText() != null) {
        assertThat((Object) setting.parse(setting.defaultText())).as(setting.key()).isNotNull();
      }
      assertThat(setting.description()).doesNotEndWith(".");
      assertThat(setting.paramName()).matches("[a-z][A-Za-z0-9]*");
    }
    assertThat(Setting.INTRA_OP_THREADS.paramName()).isEqualTo("intraOpThreads");
  }

  @Test
  void sizesThatMeanNothingAreRefusedAtOnce() {
    EmbedderConfig.Builder config = EmbedderConfig.builder();
    for (String size : List.of("8", "-1g", "0g", "8t", "lots", "")) {
      assertThatThrownBy(() -> config.set(Setting.GPU_MEMORY_LIMIT, size, "test"))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("8g");
    }
    assertThat(Setting.GPU_MEMORY_LIMIT.parse("8G")).isEqualTo(8L << 30);
    assertThat(Setting.GPU_MEMORY_LIMIT.parse("6000m")).isEqualTo(6000L << 20);
    assertThat(Setting.GPU_MEMORY_LIMIT.parse("none")).isZero();
    for (Setting<?> choice :
        List.of(
            Setting.GPU_ARENA,
            Setting.GPU_CONV_SEARCH,
            Setting.PADDING,
            Setting.SHAPE_BUCKETS,
            Setting.ON_ROW_ERROR,
            Setting.DEVICE)) {
      assertThatThrownBy(() -> config.set(choice, "nonsense", "test"))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining(choice.key())
          .hasMessageContaining("nonsense");
    }
  }
}
