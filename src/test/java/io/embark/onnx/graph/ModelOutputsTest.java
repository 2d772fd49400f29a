package io.embark.onnx.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.embark.UserError;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which output is taken for what, or refused. Written {@code name/rank/width}; width 0 is open. */
class ModelOutputsTest {
  private static final GraphTraits WIDTH_8 = new GraphTraits(Optional.empty(), 8, 1, 0);

  private static List<TensorSignature> outputs(String spelt) {
    return Arrays.stream(spelt.split(" ")).map(ModelOutputsTest::output).toList();
  }

  private static TensorSignature output(String spelt) {
    String[] parts = spelt.split("/");
    Object width = parts[2].equals("0") ? "w" : (Object) Integer.valueOf(parts[2]);
    return TensorSignature.of(
        parts[1].equals("2")
            ? TensorSignature.declare(parts[0], DataType.FLOAT, "b", width)
            : TensorSignature.declare(parts[0], DataType.FLOAT, "b", "l", width));
  }

  private static String name(Optional<TensorSignature> output) {
    return output.map(TensorSignature::name).orElse("-");
  }

  @ParameterizedTest
  @CsvSource({
    // outputs, token states, pooler, finished
    "last_hidden_state/3/8, last_hidden_state, -, -",
    "a/3/9 last_hidden_state/3/8, last_hidden_state, -, -",
    "a/3/8 token_embeddings/3/8 sentence_embedding/2/0, token_embeddings, -, sentence_embedding",
    "output_0/3/8 882/2/8, output_0, 882, -",
    "scores_a/3/30 states/3/8, states, -, -",
    "out/3/30 states/3/8, states, -, -",
    "logits/3/8 x/3/8, x, -, -",
    "x/3/0, x, -, -",
    "hidden_states.0/3/8 hidden_states.1/3/8, hidden_states.1, -, -",
    "dense_vecs/2/0 sparse_vecs/3/1 colbert_vecs/3/0, -, -, dense_vecs",
    "dense_vecs/2/8 sparse_vecs/3/1 colbert_vecs/3/8, -, -, dense_vecs",
    "sentence_embedding/2/8, -, -, sentence_embedding",
    "text_embeds/2/4, -, -, text_embeds",
    "last_hidden_state/3/8 pooler_output/2/8 x/2/8, last_hidden_state, pooler_output, -",
    "last_hidden_state/3/8 882/2/8 883/2/8, last_hidden_state, -, -",
    "last_hidden_state/3/8 882/2/8 883/2/0, last_hidden_state, -, -",
    "last_hidden_state/3/8 882/2/8 883/2/9, last_hidden_state, 882, -",
    "last_hidden_state/3/8 embeddings/2/8, last_hidden_state, -, -",
    "last_hidden_state/3/8 logits/2/8, last_hidden_state, -, -",
    "last_hidden_state/3/8 present.0.key/3/8, last_hidden_state, -, -",
    "token_representations/3/8 present.0.key/3/8, token_representations, -, -"
  })
  void areTold(String spelt, String states, String pooler, String finished) {
    ModelOutputs found = ModelOutputs.of(outputs(spelt), WIDTH_8);
    assertThat(name(found.tokenStates())).isEqualTo(states);
    assertThat(name(found.pooler())).isEqualTo(pooler);
    assertThat(name(found.sentenceEmbedding())).isEqualTo(finished);
  }

  @ParameterizedTest
  @CsvSource({
    "8, a/3/8 b/3/8, hidden_size 8",
    "8, out/3/30, hidden_size 8",
    "8, a/3/4 b/3/5, hidden_size 8",
    "0, a/3/4 b/3/8, config.json",
    "8, logits/3/8, Cannot pool",
    "8, pooled/2/8, Cannot pool",
    "8, logits/2/1, Cannot pool",
    "8, one_embedding/2/8 other_embedding/2/8, Cannot pool",
    "8, colbert_vecs/3/8, Cannot pool",
    "8, hidden_states.0/3/8 hidden_states.1/3/8, num_hidden_layers"
  })
  void areRefusedWhereThatLeavesAChoice(int hiddenSize, String spelt, String said) {
    GraphTraits traits = new GraphTraits(Optional.empty(), hiddenSize, 0, 0);
    assertThatThrownBy(() -> ModelOutputs.of(outputs(spelt), traits))
        .isInstanceOf(UserError.class)
        .hasMessageContaining(said)
        .hasMessageContaining("--model-output")
        .hasMessageContaining(outputs(spelt).get(0).toString());
  }

  /** Of hidden states alone the last is taken only if it is known to be. */
  @ParameterizedTest
  @CsvSource({"1, num_hidden_layers 1", "3, num_hidden_layers 3", "0, nothing of the number", "2,"})
  void theLastHiddenStateIsThatOfTheLastLayer(int layers, String said) {
    List<TensorSignature> outputs = outputs("hidden_states.1/3/8 hidden_states.2/3/8");
    GraphTraits traits = new GraphTraits(Optional.empty(), 8, layers, 0);
    if (said == null) {
      assertThat(name(ModelOutputs.of(outputs, traits).tokenStates())).isEqualTo("hidden_states.2");
      return;
    }
    assertThatThrownBy(() -> ModelOutputs.of(outputs, traits))
        .isInstanceOf(UserError.class)
        .hasMessageContaining(said)
        .hasMessageContaining("--model-output");
    assertThat(name(ModelOutputs.of(outputs, traits.withOutput("hidden_states.1")).tokenStates()))
        .isEqualTo("hidden_states.1");
  }

  @Test
  void theUserMayNameOne() {
    List<TensorSignature> outputs = outputs("a/3/8 b/3/8 v/2/4 last_hidden_state/3/8");
    ModelOutputs states = ModelOutputs.of(outputs, WIDTH_8.withOutput("b"));
    assertThat(name(states.tokenStates())).isEqualTo("b");
    assertThat(name(states.sentenceEmbedding())).isEqualTo("-");
    ModelOutputs vector = ModelOutputs.of(outputs, WIDTH_8.withOutput("v"));
    assertThat(name(vector.tokenStates())).isEqualTo("last_hidden_state");
    assertThat(name(vector.sentenceEmbedding())).isEqualTo("v");
    assertThatThrownBy(() -> ModelOutputs.of(outputs, WIDTH_8.withOutput("c")))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("model-output: the graph has no output 'c'")
        .hasMessageContaining("a:float");
    List<TensorSignature> numbers =
        List.of(TensorSignature.of(TensorSignature.declare("n", DataType.INT64, "b", 3)));
    assertThatThrownBy(() -> ModelOutputs.of(numbers, WIDTH_8.withOutput("n")))
        .hasMessageContaining("n:int64");
  }
}
