package io.embark.model;

import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.embark.embed.EmbedderConfig;
import io.embark.model.store.ModelStore;
import io.embark.testing.Corruption;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.apache.hadoop.conf.Configuration;

/** Whatever stands in a model's JSON files, they are read or refused. */
class ModelDirectoryFuzzTest {
  private static final Duration HANGS = Duration.ofSeconds(30);
  private static final Map<String, String> WHOLE =
      new TreeMap<>(
          Map.of(
              "config.json",
              "{\"model_type\": \"roberta\", \"pad_token_id\": 1, \"max_position_embeddings\":"
                  + " 514}",
              "modules.json",
              "[{\"idx\": 0, \"path\": \"\", \"type\":"
                  + " \"sentence_transformers.models.Transformer\"},{\"idx\": 1, \"path\":"
                  + " \"1_Pooling\", \"type\": \"sentence_transformers.models.Pooling\"},"
                  + " {\"path\": \"2_Normalize\", \"type\":"
                  + " \"sentence_transformers.models.Normalize\"}]",
              "1_Pooling/config.json",
              "{\"word_embedding_dimension\": 384, \"pooling_mode_cls_token\": false,"
                  + " \"pooling_mode_mean_tokens\": true, \"pooling_mode\": [\"mean\", \"cls\"],"
                  + " \"include_prompt\": false}",
              "sentence_bert_config.json",
              "{\"max_seq_length\": 256, \"do_lower_case\": false}",
              "tokenizer_config.json",
              "{\"model_max_length\": 512}",
              "config_sentence_transformers.json",
              "{\"prompts\": {\"query\": \"query: \", \"passage\": \"passage: \"},"
                  + " \"default_prompt_name\": \"query\"}"));

  private static Path directory;

  @BeforeContainer
  static void prepare() throws IOException {
    directory = Files.createTempDirectory(Path.of("target"), "corrupt-model");
    Files.createDirectories(directory.resolve("1_Pooling"));
    Files.writeString(directory.resolve("model.onnx"), "not looked at");
    Files.writeString(directory.resolve("tokenizer.json"), "not looked at");
  }

  @Property(seed = "1")
  void aCorruptDirectoryIsReadOrRefused(@ForAll long seed) throws IOException {
    Random random = new Random(seed);
    List<String> names = List.copyOf(WHOLE.keySet());
    String broken = names.get(random.nextInt(names.size()));
    for (String name : names) {
      byte[] whole = WHOLE.get(name).getBytes(StandardCharsets.UTF_8);
      Path file = directory.resolve(name);
      if (name.equals(broken)) {
        Files.write(file, Corruption.of(whole, random));
      } else if (random.nextInt(4) == 0) {
        Files.deleteIfExists(file);
      } else {
        Files.write(file, whole);
      }
    }
    ModelStore store = ModelStore.ofThisHost(new Configuration(false));
    assertTimeoutPreemptively(
        HANGS,
        () -> {
          try {
            EmbedderConfig.of(directory.toString()).resolve(store.open(directory.toString(), null));
          } catch (IllegalArgumentException e) {
            // It says what is wrong, in which file.
          }
        });
  }
}
