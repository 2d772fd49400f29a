package io.embark.token;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.embark.UserError;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Classes of transformers and files for them: the ids of the reference library, or a refusal.
 * {@code src/test/resources/tokenizers/cases.py} made the cases.
 */
class TokenizerClassesTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path folder;

  @TestFactory
  Stream<DynamicTest> cases() throws IOException {
    JsonNode all;
    try (InputStream in = getClass().getResourceAsStream("/tokenizers/cases.json.gz")) {
      all = JSON.readTree(new GZIPInputStream(in));
    }
    List<DynamicTest> tests = new ArrayList<>();
    for (JsonNode made : all.get("cases")) {
      String name = made.get("name").asText();
      JsonNode base = all.get("bases").get(made.get("base").asText());
      Path place = folder.resolve("case" + tests.size());
      write(place, base, made);
      tests.add(DynamicTest.dynamicTest(name, () -> check(place, made, all.get("texts"))));
    }
    return tests.stream();
  }

  private static void write(Path place, JsonNode base, JsonNode made) throws IOException {
    Files.createDirectories(place);
    ObjectNode json = base.deepCopy();
    json.setAll((ObjectNode) made.get("parts"));
    ((ObjectNode) json.get("model")).setAll((ObjectNode) made.get("model"));
    JSON.writeValue(place.resolve("tokenizer.json").toFile(), json);
    if (!made.get("tokenizer_config").isNull()) {
      JSON.writeValue(
          place.resolve("tokenizer_config.json").toFile(), made.get("tokenizer_config"));
    }
    for (var files = made.get("files").fields(); files.hasNext(); ) {
      var file = files.next();
      JSON.writeValue(place.resolve(file.getKey()).toFile(), file.getValue());
    }
  }

  private static TokenizerFiles read(Path place, JsonNode made) throws IOException {
    JsonNode config = made.get("config");
    return TokenizerFiles.read(
        place.resolve("tokenizer.json"),
        place,
        config.path("model_type").asText(),
        Optional.ofNullable(config.path("tokenizer_class").textValue()),
        false);
  }

  private static void check(Path place, JsonNode made, JsonNode texts) throws IOException {
    if (!made.get("refused").isNull()) {
      String part = made.get("refused").asText();
      assertThatThrownBy(() -> HfTokenizer.open(read(place, made), 64).close())
          .isInstanceOf(UserError.class)
          .hasMessageContaining(place.toString())
          .hasMessageContaining(part)
          .hasMessageFindingMatch("\"PreTrainedTokenizerFast\"|save_pretrained");
      return;
    }
    TokenizerFiles files = read(place, made);
    List<String> changed = new ArrayList<>();
    String changes = files.changes().orElse("{}");
    JSON.readTree(changes).fieldNames().forEachRemaining(changed::add);
    assertThat(changed)
        .as("parts that the fingerprint counts")
        .isEqualTo(JSON.convertValue(made.get("changes"), List.class));
    try (HfTokenizer tokenizer = HfTokenizer.open(files, 1000)) {
      for (int i = 0; i < texts.size(); i++) {
        String text = texts.get(i).asText();
        long[] wanted = JSON.convertValue(made.get("ids").get(i), long[].class);
        assertThat(tokenizer.encode(text).ids()).as(text).containsExactly(wanted);
        assertThat(tokenizer.libraryIds(text)).as(text).containsExactly(wanted);
      }
    }
  }
}
