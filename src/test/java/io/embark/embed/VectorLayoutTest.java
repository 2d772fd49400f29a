package io.embark.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.embark.batch.Batch;
import io.embark.model.ModelDirectory;
import io.embark.model.store.ModelStore;
import io.embark.onnx.Encoders;
import io.embark.onnx.OnnxEncoder;
import io.embark.onnx.graph.GraphOutput.TokenStatesOutput;
import io.embark.onnx.graph.PooledGraph.PoolingMask;
import io.embark.pooling.Layers;
import io.embark.pooling.Norm;
import io.embark.pooling.Pooling;
import io.embark.pooling.TokenStates;
import io.embark.testing.Poolings;
import io.embark.token.HfTokenizer;
import io.embark.token.Tokens;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Several vectors of a text in one pass, and what is left out of them. */
class VectorLayoutTest {
  private static final List<String> TEXTS =
      List.of(
          "I lost my card",
          "Ask not what your country can do for you",
          "a",
          "card ".repeat(300),
          "");
  private static final float TOLERANCE = 1e-5f;

  private static EmbedderConfig.Builder minilm() {
    return EmbedderConfig.of("builtin:all-MiniLM-L6-v2").toBuilder();
  }

  private static float[][][] embed(EmbedderConfig.Builder config) throws IOException {
    try (Embedder embedder = Embedder.open(config.build())) {
      return embedder.embedAll(TEXTS);
    }
  }

  @Test
  void severalPoolingsInOnePassAreThoseOfOnePassEach() throws IOException {
    try (Embedder embedder = Embedder.open(minilm().pooling(Poolings.ofBert()).build())) {
      float[][][] together = embedder.embedAll(TEXTS);
      assertThat(embedder.vectorNames())
          .containsExactly(
              "pooler", "cls", "mean", "max", "mean_sqrt_len", "weighted_mean", "last_token");
      for (Pooling pooling : Poolings.ofBert()) {
        float[][][] alone = embed(minilm().pooling(pooling));
        for (int i = 0; i < TEXTS.size(); i++) {
          assertThat(together[i][pooling.ordinal()])
              .as("%s of text %d", pooling, i)
              .containsExactly(alone[i][0], within(TOLERANCE));
        }
      }
    }
  }

  @Test
  void joinedVectorsAreNormalisedAsOne() throws IOException {
    float[][][] parts = embed(minilm().pooling(Pooling.MEAN, Pooling.CLS).normalize(Norm.NONE));
    float[][][] joined =
        embed(minilm().pooling(Pooling.MEAN, Pooling.CLS).normalize(Norm.L2).concat(true));
    for (int i = 0; i < TEXTS.size(); i++) {
      float[] wanted = Arrays.copyOf(parts[i][0], 768);
      System.arraycopy(parts[i][1], 0, wanted, 384, 384);
      Norm.L2.apply(wanted);
      assertThat(joined[i]).hasDimensions(1, 768);
      assertThat(joined[i][0]).containsExactly(wanted, within(TOLERANCE));
    }
  }

  @Test
  void vectorsAreCutBeforeTheyAreNormalised() throws IOException {
    float[][][] whole = embed(minilm().normalize(Norm.NONE));
    float[][][] cut = embed(minilm().normalize(Norm.L2).truncateDim(64));
    for (int i = 0; i < TEXTS.size(); i++) {
      float[] wanted = Arrays.copyOf(whole[i][0], 64);
      Norm.L2.apply(wanted);
      assertThat(cut[i][0]).containsExactly(wanted, within(TOLERANCE));
    }
    assertThatThrownBy(() -> embed(minilm().truncateDim(385)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("384");
  }

  @Test
  void severalLayersGiveAVectorEach() throws IOException {
    EmbedderConfig.Builder config =
        minilm()
            .pooling(Pooling.MEAN, Pooling.POOLER)
            .layers(Layers.LAST, Layers.of("first+last"), Layers.of("0+-2"));
    try (Embedder embedder = Embedder.open(config.build())) {
      assertThat(embedder.vectorNames())
          .containsExactly("mean_minus1", "mean_first_last", "mean_0_minus2", "pooler");
      float[][][] vectors = embedder.embedAll(TEXTS);
      float[][][] last = embed(minilm().pooling(Pooling.MEAN));
      assertThat(vectors[0][0]).containsExactly(last[0][0], within(TOLERANCE));
      assertThat(vectors[0][1]).isNotEqualTo(vectors[0][0]);
    }
    assertThatThrownBy(() -> embed(minilm().pooling(Pooling.POOLER).layers(Layers.of("-2"))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("pooler");
    assertThatThrownBy(() -> embed(minilm().layers(Layers.of("7"))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("6 encoder layers");
  }

  /** The token states themselves, pooled by the host's definition with a mask made by hand. */
  @ParameterizedTest
  @EnumSource(names = {"MEAN", "MAX", "MEAN_SQRT_LEN", "WEIGHTED_MEAN"})
  void specialTokensAndPromptAreLeftOut(Pooling pooling) throws IOException {
    String prompt = "query: ";
    EmbedderConfig.Builder config =
        minilm().pooling(pooling).normalize(Norm.NONE).prompt(prompt).maxLength(32);
    float[][][] noSpecial =
        embed(config.build().toBuilder().set(Setting.EXCLUDE_SPECIAL_TOKENS, "true", "test"));
    float[][][] noPrompt =
        embed(config.build().toBuilder().set(Setting.EXCLUDE_PROMPT, "true", "test"));

    ModelDirectory model =
        ModelStore.ofThisHost(new Configuration()).open("builtin:all-MiniLM-L6-v2", null);
    TokenStatesOutput states = new TokenStatesOutput("states", Layers.LAST);
    try (HfTokenizer tokenizer = HfTokenizer.open(model.tokenizerJson(), 32);
        OnnxEncoder encoder =
            Encoders.open(model.onnxFile(), List.of(states), PoolingMask.ATTENTION)) {
      for (int i = 0; i < TEXTS.size() - 1; i++) {
        Tokens tokens = tokenizer.encode(prompt + TEXTS.get(i));
        int n = tokens.used();
        Batch batch = Batch.of(List.of(tokens), new int[] {0}, 0);
        float[] hidden = Encoders.encode(encoder, batch, null).get(0);
        long[] mask = new long[n];
        Arrays.fill(mask, 1, n - 1, 1);
        assertThat(noSpecial[i][0])
            .containsExactly(
                pooling.pool(new TokenStates(hidden, mask, null, 1, n, 384), 0), within(1e-4f));
        // [CLS] "query" ":" go, the text and [SEP] stay.
        mask = new long[n];
        Arrays.fill(mask, 3, n, 1);
        assertThat(noPrompt[i][0])
            .containsExactly(
                pooling == Pooling.WEIGHTED_MEAN
                    ? weightedFrom(hidden, 3, n)
                    : pooling.pool(new TokenStates(hidden, mask, null, 1, n, 384), 0),
                within(1e-4f));
      }
    }
  }

  /** As sentence-transformers has it: a prompt that is left out still counts. */
  private static float[] weightedFrom(float[] hidden, int first, int n) {
    float[] sum = new float[384];
    float total = 0;
    for (int token = first; token < n; token++) {
      total += token + 1;
      for (int h = 0; h < sum.length; h++) {
        sum[h] += (token + 1) * hidden[token * 384 + h];
      }
    }
    for (int h = 0; h < sum.length; h++) {
      sum[h] /= total;
    }
    return sum;
  }

  @Test
  void theFirstTokenBehindAPromptThatIsLeftOutStandsForCls() throws IOException {
    EmbedderConfig.Builder config =
        minilm().pooling(Pooling.CLS).normalize(Norm.NONE).prompt("query: ");
    float[][][] states = embed(config.build().toBuilder().pooling(Pooling.CLS));
    float[][][] without =
        embed(config.build().toBuilder().set(Setting.EXCLUDE_PROMPT, "true", "test"));
    float[][][] special =
        embed(config.build().toBuilder().set(Setting.EXCLUDE_SPECIAL_TOKENS, "true", "test"));
    for (int i = 0; i < TEXTS.size() - 1; i++) {
      assertThat(special[i][0]).containsExactly(states[i][0], within(TOLERANCE));
      assertThat(without[i][0][0]).isNotCloseTo(states[i][0][0], within(1e-3f));
    }
    try (Embedder embedder =
        Embedder.open(config.set(Setting.TOKEN_STATES, "true", "test").build())) {
      Embedding[] embeddings = embedder.pipeline().embed(TEXTS);
      for (int i = 0; i < TEXTS.size() - 1; i++) {
        // Behind [CLS] "query" ":".
        assertThat(without[i][0])
            .containsExactly(embeddings[i].tokenStates()[3], within(TOLERANCE));
      }
    }
  }

  @Test
  void aTextOfSpecialTokensAloneKeepsThem() throws IOException {
    EmbedderConfig.Builder without =
        minilm().set(Setting.EXCLUDE_SPECIAL_TOKENS, "true", "test").normalize(Norm.NONE);
    float[][][] with = embed(minilm().normalize(Norm.NONE));
    int blank = TEXTS.size() - 1;
    assertThat(embed(without)[blank][0]).containsExactly(with[blank][0], within(TOLERANCE));
  }
}
