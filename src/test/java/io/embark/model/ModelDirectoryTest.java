package io.embark.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.embark.UserError;
import io.embark.model.ModelDirectory.Sourced;
import io.embark.pooling.Norm;
import io.embark.pooling.Pooling;
import io.embark.testing.TinyModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Directories of text files only: reading one opens neither graph nor tokenizer. */
class ModelDirectoryTest {
  private static final String MODULES =
      """
      [{"path": "", "type": "sentence_transformers.models.Transformer"},
       {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}%s]\
      """;
  private static final String NORMALIZE =
      ", {\"path\": \"2_Normalize\", \"type\": \"sentence_transformers.models.Normalize\"}";
  private static final String POOLING = "1_Pooling/config.json";
  private static final String POOLING_MEAN = "{\"pooling_mode\": \"mean\"}";

  @TempDir Path directory;

  private ModelDirectory read(String... namesAndContents) throws IOException {
    Map<String, String> files = new HashMap<>();
    files.put("model.onnx", "graph");
    files.put("tokenizer.json", "{}");
    for (int i = 0; i < namesAndContents.length; i += 2) {
      files.put(namesAndContents[i], namesAndContents[i + 1]);
    }
    TinyModels.writeFiles(directory, files);
    return ModelDirectory.read(directory, null, "mine");
  }

  @Test
  void graphAndTokenizerAreEnough() throws IOException {
    ModelDirectory model = read();
    assertThat(model.onnxFile()).isEqualTo(directory.resolve("model.onnx"));
    assertThat(model.poolings()).isEmpty();
    assertThat(model.norm()).isEmpty();
    assertThat(model.maxLength()).isEmpty();
    assertThat(model.prompts()).isEmpty();
    assertThat(model.defaultPrompt()).isEmpty();
    assertThat(model.padTokenId()).isZero();
    assertThat(model.sentenceModel()).isFalse();
  }

  @Test
  void everyWishOfTheModelIsReadAndSourced() throws IOException {
    ModelDirectory model =
        read(
            "modules.json",
            MODULES.formatted(NORMALIZE),
            POOLING,
            "{\"pooling_mode_cls_token\": true, \"pooling_mode_mean_tokens\": false}",
            "config.json",
            "{\"pad_token_id\": 1, \"max_position_embeddings\": 514}",
            "sentence_bert_config.json",
            "{\"max_seq_length\": 128}",
            "config_sentence_transformers.json",
            "{\"prompts\": {\"q\": \"query: \"}, \"default_prompt_name\": \"q\"}");
    assertThat(model.poolings()).contains(new Sourced<>(List.of(Pooling.CLS), POOLING));
    assertThat(model.norm()).contains(new Sourced<>(Norm.L2, "modules.json"));
    assertThat(model.maxLength()).contains(new Sourced<>(128, "sentence_bert_config.json"));
    assertThat(model.prompts()).containsExactly(Map.entry("q", "query: "));
    assertThat(model.defaultPrompt())
        .contains(new Sourced<>("q", "config_sentence_transformers.json"));
    assertThat(model.padTokenId()).isEqualTo(1);
    assertThat(model.sentenceModel()).isTrue();
  }

  @Test
  void modulesWithoutNormalizeMeanNoNormalizing() throws IOException {
    ModelDirectory model =
        read("modules.json", MODULES.formatted(""), POOLING, "{\"embedding_dimension\": 8}");
    assertThat(model.norm()).contains(new Sourced<>(Norm.NONE, "modules.json"));
    // The library's own default.
    assertThat(model.poolings()).contains(new Sourced<>(List.of(Pooling.MEAN), POOLING));
    assertThat(model.sentenceModel()).isTrue();
  }

  @Test
  void poolingSettingsWithoutModulesAreStillRead() throws IOException {
    ModelDirectory model = read(POOLING, "{\"pooling_mode_max_tokens\": true}");
    assertThat(model.poolings()).contains(new Sourced<>(List.of(Pooling.MAX), POOLING));
    assertThat(model.norm()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "pooling_mode_cls_token,CLS",
    "pooling_mode_mean_tokens,MEAN",
    "pooling_mode_max_tokens,MAX",
    "pooling_mode_mean_sqrt_len_tokens,MEAN_SQRT_LEN",
    "pooling_mode_lasttoken,LAST_TOKEN",
    "pooling_mode_weightedmean_tokens,WEIGHTED_MEAN"
  })
  void eachModeOfTheOlderFiles(String key, Pooling wanted) throws IOException {
    assertThat(read(POOLING, "{\"%s\": true}".formatted(key)).poolings())
        .contains(new Sourced<>(List.of(wanted), POOLING));
  }

  @ParameterizedTest
  @CsvSource({
    "cls,CLS",
    "mean,MEAN",
    "max,MAX",
    "mean_sqrt_len_tokens,MEAN_SQRT_LEN",
    "lasttoken,LAST_TOKEN",
    "weightedmean,WEIGHTED_MEAN"
  })
  void eachModeOfTheNewerFiles(String mode, Pooling wanted) throws IOException {
    assertThat(read(POOLING, "{\"pooling_mode\": \"%s\"}".formatted(mode)).poolings())
        .contains(new Sourced<>(List.of(wanted), POOLING));
  }

  @Test
  void aModelMayLeaveItsPromptOut() throws IOException {
    assertThat(read(POOLING, "{\"include_prompt\": false}").excludePrompt())
        .contains(new Sourced<>(true, POOLING));
    assertThat(read(POOLING, "{\"include_prompt\": true}").excludePrompt()).isEmpty();
  }

  /** As sentence-transformers has it, whatever their files say. */
  @ParameterizedTest
  @CsvSource({
    "hkunlp/instructor-large, true",
    "hkunlp/instructor-xl@main, true",
    "mine, false",
    "me/instructor-large, false"
  })
  void someModelsLeaveItOutByTheirNames(String name, boolean left) throws IOException {
    read(POOLING, POOLING_MEAN);
    assertThat(ModelDirectory.read(directory, null, name).excludePrompt().isPresent())
        .isEqualTo(left);
  }

  @Test
  void joinedPoolingsKeepTheOrderOfSentenceTransformers() throws IOException {
    ModelDirectory model =
        read(POOLING, "{\"pooling_mode_mean_tokens\": true, \"pooling_mode_max_tokens\": true}");
    assertThat(model.poolings())
        .contains(new Sourced<>(List.of(Pooling.MAX, Pooling.MEAN), POOLING));
    assertThat(read(POOLING, "{\"pooling_mode\": [\"cls\", \"mean\"]}").poolings())
        .contains(new Sourced<>(List.of(Pooling.CLS, Pooling.MEAN), POOLING));
    assertThat(model.sentenceModel()).isTrue();
    assertThatThrownBy(() -> read(POOLING, "{\"pooling_mode\": \"attention\"}"))
        .hasMessageContaining("\"attention\"")
        .hasMessageContaining("mean_sqrt_len");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "sentence_transformers.models.WordWeights",
        "sentence_transformers.models.CNN",
        "sentence_transformers.models.CLIPModel",
        "sentence_transformers.models.Router",
        "sentence_transformers.sparse_encoder.models.SpladePooling",
        "sentence_transformers.sparse_encoder.models.Pooling",
        "custom_st.Transformer",
        "my_code.Pooling",
        "Pooling"
      })
  void aModuleThatCannotBeRunIsRefused(String type) {
    String module = ", {\"path\": \"2_X\", \"type\": \"%s\"}".formatted(type);
    assertThatThrownBy(() -> read("modules.json", MODULES.formatted(module), POOLING, POOLING_MEAN))
        .isInstanceOf(UserError.class)
        .hasMessageContaining(type)
        .hasMessageContaining("mine");
  }

  @ParameterizedTest
  @ValueSource(strings = {"SparseEncoder", "CrossEncoder", "MultiVectorEncoder"})
  void modelsOfOtherTypesAreRefused(String type) {
    assertThatThrownBy(
            () ->
                read(
                    "config_sentence_transformers.json",
                    "{\"model_type\": \"%s\"}".formatted(type)))
        .isInstanceOf(UserError.class)
        .hasMessageContaining(type);
  }

  @ParameterizedTest
  @CsvSource({
    "128,512,514,128,sentence_bert_config.json",
    "600,512,514,514,config.json",
    "null,512,514,512,tokenizer_config.json",
    "null,600,514,514,config.json",
    "null,1000000000000000019884624838656,514,514,config.json",
    "null,null,514,514,config.json"
  })
  void theSmallestLimitIsTakenUnlessSentenceTransformersHasItsOwn(
      String sentences, String tokenizer, String positions, int wanted, String source)
      throws IOException {
    ModelDirectory model =
        read(
            "sentence_bert_config.json",
            "{\"max_seq_length\": %s}".formatted(sentences),
            "tokenizer_config.json",
            "{\"model_max_length\": %s}".formatted(tokenizer),
            "config.json",
            "{\"max_position_embeddings\": %s}".formatted(positions));
    assertThat(model.maxLength()).contains(new Sourced<>(wanted, source));
  }

  @Test
  void theOlderNameOfATokenizersLimitCountsToo() throws IOException {
    ModelDirectory model =
        read(
            "tokenizer_config.json",
            "{\"max_len\": 64}",
            "config.json",
            "{\"max_position_embeddings\": 512}");
    assertThat(model.maxLength()).contains(new Sourced<>(64, "tokenizer_config.json"));
  }

  @ParameterizedTest
  @CsvSource({"20,30,20", "30,20,30", "null,20,20", "30,null,30"})
  void whatIsCommonWinsOverWhatIsForTexts(String common, String text, int wanted)
      throws IOException {
    ModelDirectory model =
        read(
            "sentence_bert_config.json",
            ("{\"max_seq_length\": 100, \"processing_kwargs\":"
                    + " {\"common\": {\"max_length\": %s}, \"text\": {\"max_length\": %s}}}")
                .formatted(common, text));
    assertThat(model.maxLength()).contains(new Sourced<>(wanted, "sentence_bert_config.json"));
  }

  @Test
  void aStaticModelWithoutModulesIsNoGraph() {
    assertThatThrownBy(() -> read("config.json", "{\"model_type\": \"model2vec\"}"))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("static model")
        .hasMessageContaining("modules.json");
  }

  @Test
  void theClassOfATokenizerMayStandInConfigJson() throws IOException {
    String cased =
        """
        {"normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
          "strip_accents": null, "lowercase": false}, "pre_tokenizer": {"type": "BertPreTokenizer"},
         "added_tokens": [], "model": {"type": "WordPiece", "unk_token": "[UNK]", "vocab": {}}}
        """;
    String asItStands = read("tokenizer.json", cased).fingerprint();
    String type = "{\"model_type\": \"bert\"%s}";
    ModelDirectory model = read("tokenizer.json", cased, "config.json", type.formatted(""));
    assertThat(model.tokenizer().changes().orElse("")).contains("\"lowercase\":true");
    assertThat(model.fingerprint()).isNotEqualTo(asItStands);
    String named = type.formatted(", \"tokenizer_class\": \"PreTrainedTokenizerFast\"");
    assertThat(read("tokenizer.json", cased, "config.json", named).fingerprint())
        .isEqualTo(asItStands);
  }

  @ParameterizedTest
  @CsvSource({"roberta,1,512", "mpnet,1,512", "xlm-roberta,1,512", "bert,0,514", "bert,1,514"})
  void someModelsCountPositionsFromThePadding(String type, int padding, int wanted)
      throws IOException {
    ModelDirectory model =
        read(
            "config.json",
            "{\"model_type\": \"%s\", \"pad_token_id\": %d, \"max_position_embeddings\": 514}"
                .formatted(type, padding));
    assertThat(model.positions()).contains(new Sourced<>(wanted, "config.json"));
    assertThat(model.maxLength()).isEqualTo(model.positions());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "modules.json",
        "1_Pooling/config.json",
        "config.json",
        "sentence_bert_config.json",
        "tokenizer_config.json",
        "config_sentence_transformers.json"
      })
  void aBrokenFileIsNamed(String file) {
    assertThatThrownBy(() -> read(file, "{\"half\": "))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(directory.resolve(file).toString())
        .hasMessageContaining("not valid JSON");
  }

  @Test
  void filesOfNoInterestingContentAreAsGoodAsNone() throws IOException {
    ModelDirectory model =
        read(
            "config.json", "{}",
            "sentence_bert_config.json", "{}",
            "config_sentence_transformers.json",
                "{\"prompts\": null, \"default_prompt_name\": null}");
    assertThat(model.maxLength()).isEmpty();
    assertThat(model.prompts()).isEmpty();
    assertThat(model.defaultPrompt()).isEmpty();
  }

  @Test
  void theGraphIsFoundInItsUsualPlacesOrWhereTold() throws IOException {
    TinyModels.writeFiles(
        directory, Map.of("tokenizer.json", "{}", "onnx/model.onnx", "a", "onnx/int8.onnx", "b"));
    assertThat(ModelDirectory.read(directory, null, "m").onnxFile())
        .isEqualTo(directory.resolve("onnx/model.onnx"));
    assertThat(ModelDirectory.read(directory, "onnx/int8.onnx", "m").onnxFile())
        .isEqualTo(directory.resolve("onnx/int8.onnx"));
    assertThatThrownBy(() -> ModelDirectory.read(directory, "fp16.onnx", "m"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("fp16.onnx")
        .hasMessageContaining("found onnx/int8.onnx, onnx/model.onnx");
    TinyModels.writeFiles(directory, Map.of("model.onnx", "c"));
    assertThat(ModelDirectory.read(directory, null, "m").onnxFile())
        .isEqualTo(directory.resolve("model.onnx"));
  }

  @Test
  void whatIsMissingIsSaid(@TempDir Path empty) throws IOException {
    assertThatThrownBy(() -> ModelDirectory.read(empty, null, "m"))
        .hasMessageContaining("model.onnx or onnx/model.onnx")
        .hasMessageContaining("an empty directory");
    Files.writeString(empty.resolve("model.onnx"), "graph");
    assertThatThrownBy(() -> ModelDirectory.read(empty, null, "m"))
        .hasMessageContaining("no tokenizer.json")
        .hasMessageContaining("found model.onnx");
    assertThatThrownBy(() -> ModelDirectory.read(empty.resolve("gone"), null, "m"))
        .hasMessageContaining("does not exist");
  }

  @Test
  void theFingerprintCoversWhatMakesTheVectors() throws IOException {
    String first = read().fingerprint();
    assertThat(first).matches("[0-9a-f]{64}");
    assertThat(read("README.md", "more").fingerprint()).isEqualTo(first);
    // A file beside the graph counts if the graph says that its weights are there.
    assertThat(read("model.onnx_data", "weights").fingerprint()).isEqualTo(first);
    GraphsWithWeights.write(directory.resolve("model.onnx"), "any name.bin");
    Files.writeString(directory.resolve("any name.bin"), "weights");
    String withData = ModelDirectory.read(directory, null, "mine").fingerprint();
    Files.writeString(directory.resolve("any name.bin"), "WEIGHTS");
    assertThat(ModelDirectory.read(directory, null, "mine").fingerprint()).isNotEqualTo(withData);
    assertThat(read().fingerprint()).isEqualTo(first);
    assertThat(read("tokenizer.json", "{ }").fingerprint()).isNotEqualTo(first);
    assertThat(read("model.onnx", "Graph").fingerprint()).isNotEqualTo(first);
  }

  /** As sentence-transformers has it where there are no modules. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "[\"Qwen3ForCausalLM\"]|last",
        "[\"Qwen3ForCausalLM\"], \"is_causal\": true|last",
        "[\"Qwen3ForCausalLM\"], \"is_causal\": false|mean",
        "[\"Qwen3ForCausalLM\", \"Qwen3Model\"]|last",
        "[\"Qwen3Model\", \"Qwen3ForCausalLM\"]|mean"
      })
  void theLastTokenIsTakenWhereTheConfigIsCausal(String architectures, String wanted)
      throws IOException {
    ModelDirectory model = read("config.json", "{\"architectures\": %s}".formatted(architectures));
    assertThat(model.poolings().isPresent()).isEqualTo(wanted.equals("last"));
  }

  @Test
  void aMendedPatternOfMistralsIsRefused() throws IOException {
    String key = "{\"fix_mistral_regex\": %s}";
    assertThat(read("tokenizer_config.json", key.formatted("false"))).isNotNull();
    assertThatThrownBy(() -> read("tokenizer_config.json", key.formatted("true")))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("fix_mistral_regex");
  }

  @Test
  void anAdapterBesideTheModelIsRefusedUntilTheGraphIsNamed() throws IOException {
    assertThatThrownBy(() -> read("adapter_config.json", "{\"peft_type\": \"LORA\"}"))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("adapter_config.json")
        .hasMessageContaining("--model-file model.onnx");
    assertThat(ModelDirectory.read(directory, "model.onnx", "mine")).isNotNull();
  }

  @Test
  void modulesAreJudgedBeforeFilesAreLookedFor(@TempDir Path other) throws IOException {
    String splade =
        MODULES.formatted(
            ", {\"path\": \"2_X\", \"type\":"
                + " \"sentence_transformers.sparse_encoder.models.SpladePooling\"}");
    TinyModels.writeFiles(other, Map.of("modules.json", splade, POOLING, POOLING_MEAN));
    assertThatThrownBy(() -> ModelDirectory.read(other, null, "m"))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("SpladePooling")
        .hasMessageNotContaining("optimum-cli");
    TinyModels.writeFiles(
        other, Map.of("config_sentence_transformers.json", "{\"model_type\": \"SparseEncoder\"}"));
    assertThatThrownBy(() -> ModelDirectory.read(other, null, "m"))
        .hasMessageContaining("SparseEncoder");
  }

  @Test
  void filesThatTheLibraryWouldNotReadAreTold() {
    assertThat(ModelDirectory.BESIDE_LIST)
        .contains("sentence_bert_config.json", "sentence_xlm-roberta_config.json");
  }

  @Test
  void weightsWithinNodesAndFunctionsCountToo() throws IOException {
    read();
    GraphsWithWeights.writeDeep(directory.resolve("model.onnx"), "./deep.bin");
    Files.writeString(directory.resolve("deep.bin"), "weights");
    String before = ModelDirectory.read(directory, null, "mine").fingerprint();
    Files.writeString(directory.resolve("deep.bin"), "WEIGHTS");
    assertThat(ModelDirectory.read(directory, null, "mine").fingerprint()).isNotEqualTo(before);
    // What is copied of a model that lies elsewhere.
    ModelFiles files = ModelFiles.in(directory, null, "mine");
    assertThat(ExternalData.of(directory.resolve("model.onnx"))).containsExactly("./deep.bin");
    assertThat(files.besideGraph("./deep.bin")).isEqualTo("deep.bin");
    assertThat(files.besideGraph("a/./././b/w")).isEqualTo("a/b/w");
    assertThat(files.besideGraph("../w")).isNull();
    assertThat(files.besideGraph("a/../w")).isNull();
    assertThat(files.besideGraph(".")).isNull();
  }

  @Test
  void aModelWhollyInItsOnnxFolderHasItsSettingsThere(@TempDir Path other) throws IOException {
    TinyModels.writeFiles(
        other,
        Map.of(
            "onnx/model.onnx",
            "graph",
            "onnx/tokenizer.json",
            "{}",
            "onnx/config.json",
            "{\"pad_token_id\": 3, \"hidden_size\": 8}",
            "onnx/tokenizer_config.json",
            "{\"model_max_length\": 64}"));
    ModelDirectory model = ModelDirectory.read(other, null, "m");
    assertThat(model.padTokenId()).isEqualTo(3);
    assertThat(model.traits().hiddenSize()).isEqualTo(8);
    assertThat(model.maxLength()).contains(new Sourced<>(64, "tokenizer_config.json"));
    TinyModels.writeFiles(other, Map.of("onnx/1_Pooling/config.json", POOLING_MEAN));
    assertThatThrownBy(() -> ModelDirectory.read(other, null, "m"))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("1_Pooling/config.json")
        .hasMessageContaining("--model " + other.resolve("onnx"));
    // The model's own come first.
    TinyModels.writeFiles(
        other, Map.of("config.json", "{\"pad_token_id\": 5}", POOLING, POOLING_MEAN));
    assertThat(ModelDirectory.read(other, null, "m").padTokenId()).isEqualTo(5);
  }
}
