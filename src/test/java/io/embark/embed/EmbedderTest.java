package io.embark.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.embark.model.store.ModelStore;
import io.embark.onnx.Cancellation;
import io.embark.onnx.Encoder;
import io.embark.pooling.Norm;
import io.embark.pooling.Pooling;
import io.embark.testing.TinyModels;
import java.io.IOException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbedderTest {
  private static final TinyModels GRAPH = TinyModels.graph().hiddenSize(3);

  /** Marks where words begin, and keeps a trailing space as a token, as byte-level ones do. */
  private static final String SPACE_KEEPING_TOKENIZER =
      """
      {"version": "1.0", "truncation": null, "padding": null, "added_tokens": [], "normalizer": null,
       "pre_tokenizer": {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always",
                         "split": true},
       "post_processor": null, "decoder": null,
       "model": {"type": "WordLevel", "unk_token": "[UNK]",
                 "vocab": {"[UNK]": 0, "\u2581": 1, "\u2581query:": 2, "\u2581hello": 3}}}\
      """;

  @TempDir Path model;

  private EmbedderConfig.Builder config() {
    return EmbedderConfig.of(model.toString()).toBuilder();
  }

  @Test
  void aBareDirectoryWorksAndAnswersForItself() throws IOException {
    GRAPH.writeDirectory(model);
    try (Embedder embedder = Embedder.open(config().build())) {
      assertThat(embedder.dimension()).isEqualTo(3);
      assertThat(embedder.device().label()).isEqualTo("cpu");
      assertThat(embedder.config().get(Setting.POOLING)).containsExactly(Pooling.MEAN);
      assertThat(embedder.embed(List.of())).isEmpty();
      assertThat(embedder.embed(List.of("", "hello"))).hasDimensions(2, 3);
    }
  }

  @Test
  void whatTheModelWishesIsDone() throws IOException {
    GRAPH.writeDirectory(
        model,
        Map.of(
            "1_Pooling/config.json",
            "{\"pooling_mode_lasttoken\": true}",
            "sentence_bert_config.json",
            "{\"max_seq_length\": 4}",
            "config_sentence_transformers.json",
            "{\"prompts\": {\"q\": \"hello \"}, \"default_prompt_name\": \"q\"}"));
    try (Embedder embedder = Embedder.open(config().build())) {
      // [CLS] hello hello [SEP], one word cut off.
      assertThat(embedder.pipeline().tokenizer().tokenize("hello world").ids())
          .containsExactly(101, 7592, 7592, 102);
      assertThat(embedder.pipeline().tokenizer().tokenize("hello world").total()).isEqualTo(5);
      assertThat(embedder.embed(List.of("x"))[0]).containsExactly(GRAPH.state(102));
    }
  }

  @Test
  void aSettingChangesTheVectors() throws IOException {
    GRAPH.writeDirectory(model);
    float[] plain;
    try (Embedder embedder = Embedder.open(config().build())) {
      plain = embedder.embed(List.of("hello"))[0];
    }
    try (Embedder embedder = Embedder.open(config().normalize(Norm.L2).build())) {
      float[] unit = plain.clone();
      Norm.L2.apply(unit);
      assertThat(embedder.embed(List.of("hello"))[0]).containsExactly(unit);
    }
    try (Embedder embedder = Embedder.open(config().prompt("hello ").build())) {
      assertThat(embedder.embed(List.of("world"))).isNotEqualTo(new float[][] {plain});
    }
  }

  @Test
  void closedTwiceAndUsedAfterwards() throws IOException {
    GRAPH.writeDirectory(model);
    Embedder embedder = Embedder.open(config().build());
    embedder.close();
    embedder.close();
    assertThatThrownBy(() -> embedder.embed(List.of("late")))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
  }

  @Test
  void aSessionThatCannotBeClosedDoesNotKeepTheTokenizer() throws IOException {
    GRAPH.writeDirectory(model);
    Embedder embedder =
        Embedder.open(
            config().build(),
            ModelStore.ofThisHost(new Configuration()),
            0,
            EmbedderTest::failingToClose);
    embedder.pipeline().tokenizer().tokenize("early");
    assertThatThrownBy(embedder::close).hasMessage("cannot close");
    assertThatThrownBy(() -> embedder.pipeline().tokenizer().tokenize("late"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("tokenizer has been closed");
  }

  private static Encoder failingToClose(Encoder session) {
    InvocationHandler handler =
        (proxy, method, arguments) -> {
          Object result = method.invoke(session, arguments);
          if (method.getName().equals("close")) {
            throw new IllegalStateException("cannot close");
          }
          return result;
        };
    return (Encoder)
        Proxy.newProxyInstance(
            Encoder.class.getClassLoader(), new Class<?>[] {Encoder.class}, handler);
  }

  @Test
  void aPromptDoesNotMakeAWordBlank() throws IOException {
    GRAPH.writeDirectory(model, Map.of("tokenizer.json", SPACE_KEEPING_TOKENIZER));
    try (Embedder embedder = Embedder.open(config().prompt("query: ").build())) {
      // As many tokens as the prompt alone, whose last space is one.
      assertThat(embedder.pipeline().tokenizer().tokenize("").ids()).containsExactly(2, 1);
      assertThat(embedder.pipeline().tokenizer().tokenize("hello").ids()).containsExactly(2, 3);
      Iterator<Status> statuses =
          new EmbeddingStream<>(
              embedder,
              List.of("hello", "").iterator(),
              text -> text,
              (text, embedding) -> embedding.status(),
              EmbeddingStats.NOBODY);
      assertThat(statuses).toIterable().containsExactly(Status.OK, Status.BLANK_TEXT);
    }
  }

  /** sentence-transformers strips prompt and text together, {@code Transformer.tokenize}. */
  @Test
  void spaceAroundTextsOfASentenceModelIsLeftUnlessAskedForAsBefore() throws IOException {
    writeSentenceModel();
    EmbedderConfig before =
        config().set(Setting.STRIP, "earlier", "test").prompt(" query: ").build();
    try (Embedder embedder = Embedder.open(before)) {
      assertThat(embedder.config().text(Setting.STRIP)).isEqualTo("earlier");
      assertThat(embedder.pipeline().tokenizer().tokenize("").ids()).containsExactly(2);
      for (String space : List.of(" \u00A0\n", "\u0085", "\u001F", "\u3000")) {
        assertThat(embedder.pipeline().tokenizer().tokenize("hello" + space).ids())
            .containsExactly(2, 3);
      }
    }
    try (Embedder embedder = Embedder.open(config().build())) {
      assertThat(embedder.config().text(Setting.STRIP)).isEqualTo("none");
      assertThat(embedder.pipeline().tokenizer().tokenize(" \thello ").ids())
          .isNotEqualTo(embedder.pipeline().tokenizer().tokenize("hello").ids());
    }
  }

  private void writeSentenceModel() throws IOException {
    GRAPH.writeDirectory(
        model,
        Map.of(
            "tokenizer.json",
            SPACE_KEEPING_TOKENIZER,
            "1_Pooling/config.json",
            "{\"pooling_mode_mean_tokens\": true}",
            "modules.json",
            """
            [{"idx": 0, "path": "", "type": "sentence_transformers.models.Transformer"},
             {"idx": 1, "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}]\
            """));
  }

  @Test
  void lettersThatTheModelWantsSmallAreLowered() throws IOException {
    writeSentenceModel();
    try (Embedder embedder = Embedder.open(config().build())) {
      assertThat(embedder.pipeline().tokenizer().tokenize("HELLO").ids())
          .isNotEqualTo(embedder.pipeline().tokenizer().tokenize("hello").ids());
    }
    String lower = "{\"max_seq_length\": 16, \"do_lower_case\": true}";
    Files.writeString(model.resolve("sentence_bert_config.json"), lower);
    try (Embedder embedder = Embedder.open(config().build())) {
      assertThat(embedder.pipeline().tokenizer().tokenize("HELLO").ids())
          .isEqualTo(embedder.pipeline().tokenizer().tokenize("hello").ids());
    }
  }

  @Test
  void aPromptThatLeavesNoRoomForTextIsRefused() throws IOException {
    GRAPH.writeDirectory(model);
    String prompt = "hello ".repeat(8);
    Embedder.open(config().prompt(prompt).maxLength(11).build()).close();
    assertThatThrownBy(() -> Embedder.open(config().prompt(prompt).maxLength(10).build()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("prompt: takes 10 tokens")
        .hasMessageContaining("max-length is 10");
  }

  /** A session holds its weights in memory that no garbage collector sees. */
  @Test
  void whereTheSettingsDoNotFitTheSessionIsClosedAgain() throws IOException {
    GRAPH.writeDirectory(model);
    AtomicReference<Encoder> session = new AtomicReference<>();
    EmbedderConfig tooMany =
        config().pooling(Pooling.MEAN, Pooling.CLS).concat(true).truncateDim(5000).build();
    assertThatThrownBy(
            () ->
                Embedder.open(
                    tooMany,
                    ModelStore.ofThisHost(new Configuration()),
                    0,
                    opened -> {
                      session.set(opened);
                      return opened;
                    }))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("5000");
    assertThatThrownBy(() -> session.get().check(new Cancellation()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
  }

  @Test
  void aPromptBeforeNothingIsNoText() throws IOException {
    GRAPH.writeDirectory(model);
    try (Embedder embedder = Embedder.open(config().prompt("query: ").build())) {
      Iterator<Status> statuses =
          new EmbeddingStream<>(
              embedder,
              List.of("\u0301", "\ufffd", "x").iterator(),
              text -> text,
              (text, embedding) -> embedding.status(),
              EmbeddingStats.NOBODY);
      assertThat(statuses)
          .toIterable()
          .containsExactly(Status.BLANK_TEXT, Status.BLANK_TEXT, Status.OK);
    }
  }

  @Test
  void moreTokensThanTheModelHasPositionsAreRefusedAtOnce() {
    EmbedderConfig config =
        EmbedderConfig.of("builtin:all-MiniLM-L6-v2").toBuilder().maxLength(513).build();
    assertThatThrownBy(() -> Embedder.open(config).close())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("max-length")
        .hasMessageContaining("513")
        .hasMessageContaining("512");
  }
}
