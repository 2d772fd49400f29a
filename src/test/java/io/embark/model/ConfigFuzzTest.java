package io.embark.model;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.embark.UserError;
import io.embark.embed.Embedder;
import io.embark.embed.EmbedderConfig;
import io.embark.testing.kinds.JsonChanges;
import io.embark.testing.kinds.JsonChanges.Change;
import io.embark.testing.kinds.ModelKinds;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Each key of each configuration file of each kind of model is dropped, or takes a value of every
 * wrong type and size: that is an error which names file and key, or it says the same as before.
 */
class ConfigFuzzTest {
  private static final ObjectMapper JSON =
      JsonMapper.builder().disable(JsonWriteFeature.WRITE_NAN_AS_STRINGS).build();

  /** Every so many changes that are read, the model itself is opened. */
  private static final int SAMPLE = 500;

  private static final Set<String> MAY_BE_NEGATIVE =
      Set.of("max_position_embeddings", "pad_token_id", "method_output_name");

  /** Found missing or too much where it is looked for, which is in another file. */
  private static final Set<String> NAMED_OTHERWISE = Set.of("bias");

  /** What is opened and found in it, or how it was refused. */
  private record Outcome(String found, UserError refusal) {}

  @TempDir Path temporary;

  private final List<String> failures = new ArrayList<>();
  private final Set<String> seen = new HashSet<>();
  private int read;

  @Test
  void everyChangeIsNoticed() throws IOException {
    for (ModelKinds kind : ModelKinds.all()) {
      Path directory = kind.write(temporary.resolve(kind.name()));
      Outcome sound = outcome(directory, null);
      for (Path file : configurations(directory)) {
        String before = Files.readString(file);
        // Many kinds share their files.
        if (seen.add(kind.graph() + directory.relativize(file) + before)) {
          for (Change change : JsonChanges.of(JSON.readTree(before))) {
            Files.writeString(file, JSON.writeValueAsString(change.changed()));
            check(kind, directory.relativize(file), change, sound, directory);
          }
          Files.writeString(file, before);
        }
      }
    }
    assertThat(failures).isEmpty();
  }

  private static List<Path> configurations(Path directory) throws IOException {
    try (var files = Files.walk(directory)) {
      return files
          .filter(file -> file.toString().endsWith(".json") && !file.endsWith("tokenizer.json"))
          .sorted()
          .toList();
    }
  }

  private void check(ModelKinds kind, Path file, Change change, Outcome sound, Path directory) {
    String what = "%s, %s: %s".formatted(kind.name(), file, change.what());
    Outcome outcome;
    try {
      outcome = outcome(directory, sound);
    } catch (Exception e) {
      failures.add(what + " throws " + e);
      return;
    }
    if (outcome.refusal() != null) {
      if (sound.refusal() == null && !names(outcome.refusal().getMessage(), file, change)) {
        failures.add(what + " is refused without a name: " + outcome.refusal().getMessage());
      }
    } else if (change.wrong() && !isMeant(change) && !outcome.found().equals(sound.found())) {
      failures.add(
          what + " is taken for something else: " + outcome.found() + "\n  was " + sound.found());
    } else if (read++ % SAMPLE == 0) {
      open(what, directory);
    }
  }

  /** A folder or module of that name is named by its name; what is no JSON has no keys. */
  private static boolean names(String message, Path file, Change change) {
    String name = file.getFileName().toString();
    boolean namesValue =
        change.value() != null
            && change.value().isTextual()
            && (message.contains("'" + change.value().textValue() + "'")
                || message.contains("/" + change.value().textValue() + "/config.json"));
    return message.contains(name) && message.contains(change.key())
        || message.contains(name) && message.contains("not valid JSON")
        || message.contains(name) && message.contains("without a folder of its own")
        || namesValue
        || NAMED_OTHERWISE.contains(change.key());
  }

  /**
   * A limit above all there are is none, counting from the end, or -1 for none, is usual, and a
   * mask is whatever text it is said to be: one more token if there is none.
   */
  private static boolean isMeant(Change change) {
    return change.key().equals("mask_token") && change.value().isTextual()
        || change.key().equals("model_max_length")
        || MAY_BE_NEGATIVE.contains(change.key()) && change.value().asInt() == -1;
  }

  /** What is found in the files, without opening a session; settings follow from nothing else. */
  private static Outcome outcome(Path directory, Outcome sound) throws IOException {
    try {
      ModelDirectory model = ModelDirectory.read(directory, null, "m");
      String found =
          "%s %s %s %s %s"
              .formatted(
                  model.wishes(),
                  model.traits(),
                  model.tokenizer().changes(),
                  model.padTokenId(),
                  model.modules().size());
      found = found.replaceAll("Lambda[^,\\]]*", "");
      if (sound == null || !found.equals(sound.found())) {
        EmbedderConfig.of(directory.toString()).resolve(model);
      }
      return new Outcome(found, null);
    } catch (UserError e) {
      return new Outcome(null, e);
    }
  }

  private void open(String what, Path directory) {
    try (Embedder embedder = Embedder.open(EmbedderConfig.of(directory.toString()))) {
      float[] vector = embedder.embed(List.of("Hello world"))[0];
      if (vector.length != embedder.dimension()) {
        failures.add(what + " gives " + Arrays.toString(vector));
      }
    } catch (UserError e) {
      // It says what is wrong.
    } catch (Exception e) {
      failures.add(what + " throws, opened, " + e);
    }
  }
}
