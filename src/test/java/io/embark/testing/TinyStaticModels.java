package io.embark.testing;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;

/** Static models, as sentence-transformers saves them, with a handful of words. */
public final class TinyStaticModels {
  public static final int DIM = 8;

  /** A token's place is its id. */
  public static final List<String> WORDS =
      List.of(
          "[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "a", "cat", "dog", "sat", "on", "mat", "##s",
          "ran", ".", "query", ":");

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String MODULES = "sentence_transformers.models.";

  private TinyStaticModels() {}

  /** A row for each word, with values that tell rows and columns apart: {@code [words, DIM]}. */
  public static float[][] matrix() {
    Random random = new Random(7);
    float[][] rows = new float[WORDS.size()][DIM];
    for (float[] row : rows) {
      for (int i = 0; i < DIM; i++) {
        row[i] = (float) random.nextGaussian();
      }
    }
    return rows;
  }

  /** The mean of some rows of {@link #matrix()}. */
  public static float[] mean(String... words) {
    float[] mean = new float[DIM];
    for (String word : words) {
      float[] row = matrix()[WORDS.indexOf(word)];
      for (int i = 0; i < DIM; i++) {
        mean[i] += row[i] / words.length;
      }
    }
    return mean;
  }

  /** A tokenizer that puts [CLS] and [SEP] around texts, and cuts them if {@code most} is not 0. */
  public static Path writeTokenizer(Path file, int most) throws IOException {
    ObjectNode root = JSON.createObjectNode().put("version", "1.0");
    if (most > 0) {
      root.putObject("truncation")
          .put("direction", "Right")
          .put("max_length", most)
          .put("strategy", "LongestFirst")
          .put("stride", 0);
    }
    var added = root.putArray("added_tokens");
    for (int id = 0; id < 4; id++) {
      ObjectNode token = added.addObject().put("id", id).put("content", WORDS.get(id));
      for (String no : List.of("single_word", "lstrip", "rstrip", "normalized")) {
        token.put(no, false);
      }
      token.put("special", true);
    }
    root.putObject("normalizer")
        .put("type", "BertNormalizer")
        .put("clean_text", true)
        .put("handle_chinese_chars", true)
        .putNull("strip_accents")
        .put("lowercase", true);
    root.putObject("pre_tokenizer").put("type", "BertPreTokenizer");
    ObjectNode around = root.putObject("post_processor").put("type", "BertProcessing");
    around.putArray("sep").add("[SEP]").add(3);
    around.putArray("cls").add("[CLS]").add(2);
    ObjectNode model = root.putObject("model").put("type", "WordPiece");
    model.put("unk_token", "[UNK]").put("continuing_subword_prefix", "##");
    model.put("max_input_chars_per_word", 100);
    ObjectNode vocabulary = model.putObject("vocab");
    WORDS.forEach(word -> vocabulary.put(word, vocabulary.size()));
    JSON.writeValue(file.toFile(), root);
    return file;
  }

  /** A whole directory: tokenizer, matrix, and the list of modules. */
  public static Path write(Path directory, boolean normalize) throws IOException {
    Files.createDirectories(directory);
    writeTokenizer(directory.resolve("tokenizer.json"), 0);
    SafeTensorsFiles.write(directory.resolve("model.safetensors"), "embedding.weight", matrix());
    var modules = JSON.createArrayNode();
    modules
        .addObject()
        .put("idx", 0)
        .put("name", "0")
        .put("path", "")
        .put("type", MODULES + "StaticEmbedding");
    if (normalize) {
      modules
          .addObject()
          .put("idx", 1)
          .put("name", "1")
          .put("path", "1_Normalize")
          .put("type", MODULES + "Normalize");
    }
    JSON.writeValue(directory.resolve("modules.json").toFile(), modules);
    return directory;
  }
}
