package io.embark.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.embark.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The whole model directories with all their texts, long ones too, where they lie beside the
 * project ({@code ../shared/models}); {@link ModelKindsTest} has a small one of each kind.
 */
class SharedModelsTest {
  private static final Path MODELS = Path.of("..", "shared", "models");
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String TEMPLATE = "mod.chat.qwen3.new";

  private static final String ABSENT = "absent";

  static Stream<String> directories() throws IOException {
    if (!Files.isDirectory(MODELS)) {
      return Stream.of(ABSENT);
    }
    try (var files = Files.list(MODELS)) {
      return files
          .filter(Files::isDirectory)
          .map(directory -> directory.getFileName().toString())
          .sorted()
          .toList()
          .stream();
    }
  }

  @ParameterizedTest
  @MethodSource("directories")
  void vectorsEqualTheReference(String name) throws IOException {
    assumeThat(name).isNotEqualTo(ABSENT);
    Path directory = MODELS.resolve(name);
    List<String> texts =
        List.of(JSON.readValue(MODELS.resolve("texts.json").toFile(), String[].class));
    EmbedderConfig config = EmbedderConfig.of(directory.toString());
    if (name.equals(TEMPLATE)) {
      assertThatThrownBy(() -> Embedder.open(config)).isInstanceOf(UserError.class);
      return;
    }
    Path reference = directory.resolve("reference.jsonl");
    try (Embedder embedder = Embedder.open(config)) {
      float[][] vectors = embedder.embed(texts);
      if (Files.exists(reference)) {
        Vectors.requireEqual(texts, vectors, references(reference));
      } else {
        assertThat(vectors).hasDimensions(texts.size(), embedder.dimension());
      }
    }
  }

  @Test
  void thereAreSixteen() throws IOException {
    assumeThat(MODELS).isDirectory();
    assertThat(directories()).hasSize(16);
  }

  private static float[][] references(Path file) throws IOException {
    List<String> lines = Files.readAllLines(file);
    float[][] vectors = new float[lines.size()][];
    for (int i = 0; i < vectors.length; i++) {
      vectors[i] = JSON.readValue(lines.get(i), float[].class);
    }
    return vectors;
  }
}
