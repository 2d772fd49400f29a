package io.embark.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.embark.UserError;
import io.embark.model.ModelDirectory.Sourced;
import io.embark.pooling.Layers;
import io.embark.pooling.Pooling;
import io.embark.testing.TinyModels;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What each file of a sentence-transformers model may hold: these keys, and nothing else. */
class ConfigKeysTest {
  private static final String MODULES = "modules.json";
  private static final String POOLING = "1_Pooling/config.json";
  private static final String DENSE = "2_Dense/config.json";
  private static final String LAYER_NORM = "3_LayerNorm/config.json";
  private static final String DROPOUT = "4_Dropout/config.json";
  private static final String NORMALIZE = "5_Normalize/config.json";
  private static final String TRANSFORMER = "sentence_bert_config.json";
  private static final String PROMPTS = "config_sentence_transformers.json";

  private static final Map<String, String> MODEL =
      Map.of(
          MODULES,
          """
          [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
           {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
           {"path": "2_Dense", "type": "sentence_transformers.models.Dense"},
           {"path": "3_LayerNorm", "type": "sentence_transformers.models.LayerNorm"},
           {"path": "4_Dropout", "type": "sentence_transformers.models.Dropout"},
           {"path": "5_Normalize", "type": "sentence_transformers.models.Normalize"}]
          """,
          POOLING,
          "{\"embedding_dimension\": 4}",
          DENSE,
          "{\"in_features\": 4, \"out_features\": 3}",
          LAYER_NORM,
          "{\"dimension\": 3}",
          DROPOUT,
          "{\"dropout\": 0.1}",
          NORMALIZE,
          "{}",
          TRANSFORMER,
          "{\"max_seq_length\": 128}",
          PROMPTS,
          "{}");

  @TempDir Path directory;

  private ModelDirectory read(String file, String contents) throws IOException {
    Map<String, String> files = new TreeMap<>(MODEL);
    files.put("model.onnx", "graph");
    files.put("tokenizer.json", "{}");
    files.put("2_Dense/model.safetensors", "weights");
    files.put("3_LayerNorm/model.safetensors", "weights");
    files.put(file, contents);
    TinyModels.writeFiles(directory, files);
    return ModelDirectory.read(directory, null, "m");
  }

  /** File, key, a value that is read, and one that is refused; "-" for none. */
  static Stream<Arguments> keys() {
    return Stream.of(
            """
            1_Pooling/config.json|word_embedding_dimension|4|"4"
            1_Pooling/config.json|embedding_dimension|4|0
            1_Pooling/config.json|pooling_mode|"cls"|"attention"
            1_Pooling/config.json|pooling_mode|["cls", "mean"]|["cls", "cls"]
            1_Pooling/config.json|pooling_mode|"lasttoken"|[]
            1_Pooling/config.json|pooling_mode_cls_token|true|"true"
            1_Pooling/config.json|pooling_mode_mean_tokens|true|1
            1_Pooling/config.json|pooling_mode_max_tokens|true|null
            1_Pooling/config.json|pooling_mode_mean_sqrt_len_tokens|true|[]
            1_Pooling/config.json|pooling_mode_weightedmean_tokens|true|{}
            1_Pooling/config.json|pooling_mode_lasttoken|true|"no"
            1_Pooling/config.json|include_prompt|false|null
            2_Dense/config.json|bias|false|"yes"
            2_Dense/config.json|activation_function|"torch.nn.modules.linear.Identity"|"torch.nn.modules.activation.GLU"
            2_Dense/config.json|activation_function|"torch.nn.modules.activation.SiLU"|"my.Tanh"
            2_Dense/config.json|activation_function|"torch.nn.Tanh"|"torch.nn.tanh"
            2_Dense/config.json|activation_function|"torch.nn.Identity"|"torch.nn.modules.activation.Identity"
            2_Dense/config.json|activation_function|"torch.nn.modules.activation.LogSigmoid"|"torch.nn.LogSoftmax"
            2_Dense/config.json|activation_function|"torch.nn.modules.activation.Tanh"|null
            2_Dense/config.json|module_input_name|"sentence_embedding"|"token_embeddings"
            2_Dense/config.json|module_output_name|null|"other"
            2_Dense/config.json|use_residual|true|0
            3_LayerNorm/config.json|dimension|3|-3
            4_Dropout/config.json|dropout|0.5|-
            5_Normalize/config.json|module_input_name|"sentence_embedding"|"token_embeddings"
            5_Normalize/config.json|module_output_name|"sentence_embedding"|3
            sentence_bert_config.json|max_seq_length|null|"128"
            sentence_bert_config.json|max_seq_length|64|1e40
            sentence_bert_config.json|do_lower_case|true|"true"
            sentence_bert_config.json|model_args|{"torch_dtype": "float16"}|{"rotary_scaling_factor": 2}
            sentence_bert_config.json|model_kwargs|null|{"attention": "other"}
            sentence_bert_config.json|tokenizer_args|{"model_max_length": 32}|{"do_lower_case": true}
            sentence_bert_config.json|processor_kwargs|{"padding_side": "left"}|{"split": "left"}
            sentence_bert_config.json|config_args|{}|{"num_hidden_layers": 2}
            sentence_bert_config.json|config_kwargs|{}|[]
            sentence_bert_config.json|tokenizer_name_or_path|null|"bert-base-uncased"
            sentence_bert_config.json|transformer_task|"feature-extraction"|"fill-mask"
            sentence_bert_config.json|module_output_name|"token_embeddings"|"sentence_embedding"
            sentence_bert_config.json|processing_kwargs|{"text": {"max_length": 16}}|{"text": {"add_special_tokens": false}}
            sentence_bert_config.json|processing_kwargs|{"common": {}}|{"text": {"truncation": false}}
            sentence_bert_config.json|unpad_inputs|true|-
            sentence_bert_config.json|query_length|null|32
            sentence_bert_config.json|document_length|null|32
            sentence_bert_config.json|query_expansion|null|{"strategy": "fixed", "length": 32}
            config_sentence_transformers.json|__version__|{"pytorch": "2"}|-
            config_sentence_transformers.json|prompts|{"q": null, "p": "passage: "}|["q"]
            config_sentence_transformers.json|prompts|{}|{"q": 1}
            config_sentence_transformers.json|default_prompt_name|null|"absent"
            config_sentence_transformers.json|similarity_fn_name|"dot"|-
            config_sentence_transformers.json|model_type|"SentenceTransformer"|"SparseEncoder"
            config_sentence_transformers.json|truncate_dim|2|0
            config_sentence_transformers.json|requirements|{}|-
            """
                .split("\n"))
        .map(line -> Arguments.of((Object[]) line.split("\\|")));
  }

  /** A file that holds what it must, and one key more. */
  private static String with(String file, String key, String value) {
    String whole = MODEL.get(file).strip();
    String kept = whole.replaceFirst("\"" + key + "\": [^,}]+,? ?", "");
    String rest = kept.substring(1);
    return "{\"%s\": %s%s".formatted(key, value, rest.equals("}") ? rest : ", " + rest);
  }

  @ParameterizedTest(name = "{0} {1}: {2}, not {3}")
  @MethodSource("keys")
  void isReadOrRefused(String file, String key, String good, String bad) throws IOException {
    assertThat(read(file, with(file, key, good))).isNotNull();
    if (!bad.equals("-")) {
      assertThatThrownBy(() -> read(file, with(file, key, bad)))
          .isInstanceOf(UserError.class)
          .hasMessageContaining(file.equals(PROMPTS) && key.equals("model_type") ? "m" : file)
          .hasMessageContaining(key);
    }
  }

  @ParameterizedTest
  @CsvSource({POOLING, DENSE, LAYER_NORM, DROPOUT, NORMALIZE, TRANSFORMER, PROMPTS})
  void nothingElseIsTaken(String file) {
    assertThatThrownBy(() -> read(file, with(file, "temperature", "3")))
        .isInstanceOf(UserError.class)
        .hasMessageContaining(file)
        .hasMessageContaining("'temperature'");
    assertThatThrownBy(() -> read(MODULES, MODEL.get(MODULES).replaceFirst("\"idx\"", "\"gpu\"")))
        .isInstanceOf(UserError.class)
        .hasMessageContaining(MODULES)
        .hasMessageContaining("[0].gpu");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"method\": \"forward\", \"method_output_name\": \"last_hidden_state\"}|-1",
        "{\"method\": \"forward\", \"method_output_name\": [\"hidden_states\", -2]}|-2",
        "{\"method\": \"forward\", \"method_output_name\": [\"hidden_states\", 0]}|0",
        "{\"method\": \"get_text_features\", \"method_output_name\": \"last_hidden_state\"}|",
        "{\"method\": \"forward\", \"method_output_name\": [\"hidden_states\"]}|",
        "{\"method\": \"forward\", \"method_output_name\": \"attentions\"}|",
        "{\"method\": \"forward\", \"method_output_name\": null}|",
        "{\"method\": \"forward\"}|",
        "{\"method_output_name\": \"last_hidden_state\"}|"
      })
  void theModalityOfTexts(String text, String layer) throws IOException {
    String contents =
        "{\"modality_config\": {\"text\": %s}, \"module_output_name\": \"token_embeddings\"}"
            .formatted(text);
    if (layer == null) {
      assertThatThrownBy(() -> read(TRANSFORMER, contents))
          .isInstanceOf(UserError.class)
          .hasMessageContaining(TRANSFORMER)
          .hasMessageContaining("modality_config.text.method");
      return;
    }
    assertThat(read(TRANSFORMER, contents).layers().map(Sourced::value).orElse(Layers.LAST).label())
        .isEqualTo(layer);
  }

  @Test
  void aTransformerThatGivesVectorsItselfTakesNoPooling() throws IOException {
    String pooler =
        """
        {"modality_config": {"text": {"method": "forward", "method_output_name": "pooler_output"}},
         "module_output_name": "sentence_embedding"}
        """;
    assertThatThrownBy(() -> read(TRANSFORMER, pooler))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("sentence vectors");
    TinyModels.writeFiles(
        directory,
        Map.of(
            MODULES,
            "[{\"path\": \"\", \"type\": \"sentence_transformers.models.Transformer\"}]",
            TRANSFORMER,
            pooler));
    assertThat(ModelDirectory.read(directory, null, "m").poolings())
        .contains(new Sourced<>(List.of(Pooling.POOLER), TRANSFORMER));
    TinyModels.writeFiles(directory, Map.of(TRANSFORMER, "{}"));
    assertThatThrownBy(() -> ModelDirectory.read(directory, null, "m"))
        .hasMessageContaining("names no Pooling");
  }

  @ParameterizedTest
  @CsvSource({
    "bert, 96",
    "roberta, 96",
    "distilbert, 96",
    "camembert, 96",
    "albert, 96",
    "xlm-roberta, 96",
    "xlnet, 96",
    "gpt, 512"
  })
  void olderNamesOfTheLimitsAreRead(String name, int wanted) throws IOException {
    TinyModels.writeFiles(
        directory,
        Map.of(
            MODULES,
            """
            [{"path": "0_Transformer", "type": "sentence_transformers.models.Transformer"},
             {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}]
            """,
            POOLING,
            "{}".replace("}", "\"pooling_mode\": \"mean\"}"),
            "0_Transformer/model.onnx",
            "graph",
            "0_Transformer/tokenizer.json",
            "{}",
            "0_Transformer/config.json",
            "{\"model_type\": \"bert\", \"max_position_embeddings\": 512, \"hidden_size\": 8}",
            "sentence_bert_config.json",
            "{\"max_seq_length\": 7}",
            "0_Transformer/sentence_%s_config.json".formatted(name),
            "{\"max_seq_length\": 96}"));
    ModelDirectory model = ModelDirectory.read(directory, null, "m");
    assertThat(model.maxLength().orElseThrow().value()).isEqualTo(wanted);
    assertThat(model.maxLength().orElseThrow().source()).startsWith("0_Transformer/");
    assertThat(model.traits().hiddenSize()).isEqualTo(8);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"model_type\": \"roberta\", \"pad_token_id\": 1, \"max_position_embeddings\": 514}|512|512",
        "{\"model_type\": \"longformer\", \"pad_token_id\": 1, \"max_position_embeddings\": 4098}|4096|4096",
        "{\"model_type\": \"bert\", \"max_position_embeddings\": 512}|512|512",
        "{\"model_type\": \"bert\", \"max_position_embeddings\": 512, \"position_embedding_type\": \"absolute\"}|512|512",
        "{\"model_type\": \"bert\", \"max_position_embeddings\": 512, \"position_embedding_type\": \"relative_key\"}|512|512",
        "{\"model_type\": \"bert\", \"max_position_embeddings\": 8192, \"position_embedding_type\": \"alibi\"}|8192|-",
        "{\"model_type\": \"qwen3\", \"pad_token_id\": null, \"max_position_embeddings\": 32768, \"rope_parameters\": {}}|32768|-",
        "{\"model_type\": \"modernbert\", \"max_position_embeddings\": 8192, \"global_rope_theta\": 160000.0, \"position_embedding_type\": \"absolute\"}|8192|-",
        "{\"model_type\": \"nomic_bert\", \"n_positions\": 8192, \"rotary_emb_fraction\": 1.0}|8192|-",
        "{\"model_type\": \"mpnet\", \"pad_token_id\": 1, \"max_position_embeddings\": 514, \"relative_attention_num_buckets\": 32}|512|512",
        "{\"model_type\": \"t5\", \"d_model\": 8, \"n_positions\": 512, \"relative_attention_num_buckets\": 32}|-|-",
        "{\"model_type\": \"gpt2\", \"n_positions\": 1024}|1024|1024",
        "{\"model_type\": \"xlm-roberta\", \"max_position_embeddings\": 514}|512|512",
        "{\"model_type\": \"mpnet\", \"pad_token_id\": null, \"max_position_embeddings\": 514}|512|512",
        "{\"model_type\": \"deberta-v2\", \"max_position_embeddings\": 512, \"relative_attention\": true}|512|-",
        "{\"model_type\": \"xlnet\", \"max_position_embeddings\": -1}|-|-"
      })
  void lengthsOfEachKindOfPositions(String config, String usual, String positions)
      throws IOException {
    TinyModels.writeFiles(
        directory, Map.of("model.onnx", "graph", "tokenizer.json", "{}", "config.json", config));
    ModelDirectory model = ModelDirectory.read(directory, null, "m");
    assertThat(model.maxLength().map(n -> n.value().toString()).orElse("-")).isEqualTo(usual);
    assertThat(model.positions().map(n -> n.value().toString()).orElse("-")).isEqualTo(positions);
  }

  /** The older of the two names takes the other's place, whole. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"tokenizer_args\": {\"model_max_length\": 32}, \"processor_kwargs\": {\"model_max_length\": 16}|32",
        "\"processor_kwargs\": {\"model_max_length\": 16}, \"tokenizer_args\": {}|128",
        "\"processor_kwargs\": {\"model_max_length\": 16}|16",
        "\"tokenizer_args\": {\"model_max_length\": 32, \"truncation_side\": \"right\"}|32",
        "\"tokenizer_args\": {\"truncation_side\": \"left\"}|truncation_side",
        "\"processor_kwargs\": {\"truncation_side\": \"left\"}|truncation_side",
        "\"tokenizer_args\": {}, \"processor_kwargs\": {\"truncation_side\": \"left\"}|truncation_side"
      })
  void lengthsAmongTheTokenizersArguments(String keys, String wanted) throws IOException {
    String contents = "{\"max_seq_length\": 128, %s}".formatted(keys);
    if (!wanted.matches("[0-9]+")) {
      assertThatThrownBy(() -> read(TRANSFORMER, contents))
          .isInstanceOf(UserError.class)
          .hasMessageContaining(TRANSFORMER)
          .hasMessageContaining(wanted);
      return;
    }
    assertThat(read(TRANSFORMER, contents).maxLength())
        .contains(new Sourced<>(Integer.valueOf(wanted), TRANSFORMER));
  }

  @Test
  void aNameThatTwoModulesHaveIsRefused() {
    String twice =
        MODEL.get(MODULES).replace("{\"path\": \"1_P", "{\"name\": \"0\", \"path\": \"1_P");
    assertThatThrownBy(() -> read(MODULES, twice))
        .isInstanceOf(UserError.class)
        .hasMessageContaining(MODULES)
        .hasMessageContaining("[1].name");
  }
}
