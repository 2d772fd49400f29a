package io.embark.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.embark.UserError;
import io.embark.testing.kinds.ModelKinds;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A directory of each kind of model, opened as it lies, gives the vectors of the reference. */
class ModelKindsTest {
  /** What a text with a template around it would need. */
  private static final String CHAT = "mod.chat.qwen3.new";

  private static final String NO_LIMIT = "len.nolen.roberta.new";
  private static final int ROBERTA_POSITIONS = 512;

  @TempDir Path directory;

  static Stream<String> kinds() {
    return ModelKinds.all().stream().map(ModelKinds::name);
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void vectorsEqualTheReference(String name) throws IOException {
    ModelKinds kind = ModelKinds.of(name);
    EmbedderConfig config = EmbedderConfig.of(kind.write(directory).toString());
    if (name.equals(CHAT)) {
      assertThatThrownBy(() -> Embedder.open(config))
          .isInstanceOf(UserError.class)
          .hasMessageContaining("sentence_bert_config.json")
          .hasMessageContaining("message");
      return;
    }
    try (Embedder embedder = Embedder.open(config)) {
      if (name.equals(NO_LIMIT)) {
        assertThat(embedder.config().get(Setting.MAX_LENGTH)).isEqualTo(ROBERTA_POSITIONS);
        assertThat(embedder.embed(List.of("a ".repeat(600)))).hasDimensions(1, 48);
        return;
      }
      Vectors.requireEqual(kind.texts(), embedder.embed(kind.texts()), kind.vectors());
    }
  }
}
