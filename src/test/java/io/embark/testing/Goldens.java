package io.embark.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.embark.pooling.Pooling;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;

/**
 * Reference vectors of all-MiniLM-L6-v2: the few that ship with the project, and the whole set
 * where it lies beside the project (directory {@code ../shared/golden}).
 *
 * @param vectors unnormalised vectors by pooling
 */
public record Goldens(String text, int maxLength, long[] inputIds, Map<Pooling, float[]> vectors) {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path WHOLE_SET = Path.of("..", "shared", "golden");

  /** Largest absolute difference allowed per value. */
  public static float tolerance(Pooling pooling) {
    return pooling == Pooling.MEAN_SQRT_LEN ? 2e-4f : 1e-4f;
  }

  /** Every record that can be had here. */
  public static List<Goldens> all() {
    try {
      List<Goldens> all = shipped();
      if (Files.isDirectory(WHOLE_SET)) {
        all.addAll(wholeSet());
      }
      return all;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<Goldens> shipped() throws IOException {
    List<Goldens> goldens = new ArrayList<>();
    for (JsonNode line :
        lines(Goldens.class.getResourceAsStream("/golden/all-minilm-l6-v2.jsonl.gz"))) {
      Goldens golden =
          new Goldens(
              line.get("text").asText(),
              line.get("max_length").asInt(),
              JSON.treeToValue(line.get("input_ids"), long[].class),
              new EnumMap<>(Pooling.class));
      for (var entry : line.get("vectors").properties()) {
        golden.vectors.put(
            Pooling.of(entry.getKey()), JSON.treeToValue(entry.getValue(), float[].class));
      }
      goldens.add(golden);
    }
    return goldens;
  }

  private static List<Goldens> wholeSet() throws IOException {
    String[] texts = JSON.readValue(WHOLE_SET.resolve("sentences.json").toFile(), String[].class);
    List<Goldens> goldens = new ArrayList<>();
    for (JsonNode line : lines(Files.newInputStream(WHOLE_SET.resolve("tokens.jsonl.gz")))) {
      if (line.get("model").asText().equals("all-minilm-l6-v2")) {
        goldens.add(
            new Goldens(
                texts[line.get("line").asInt()],
                line.get("max_length").asInt(),
                JSON.treeToValue(line.get("input_ids"), long[].class),
                new EnumMap<>(Pooling.class)));
      }
    }
    for (JsonNode line :
        lines(Files.newInputStream(WHOLE_SET.resolve("all-minilm-l6-v2.jsonl.gz")))) {
      String text = texts[line.get("line").asInt()];
      int maxLength = line.get("max_length").asInt();
      for (Goldens golden : goldens) {
        if (golden.text.equals(text) && golden.maxLength == maxLength) {
          golden.vectors.put(
              Pooling.of(line.get("pooling").asText()),
              JSON.treeToValue(line.get("vector"), float[].class));
        }
      }
    }
    return goldens;
  }

  private static List<JsonNode> lines(InputStream gzipped) throws IOException {
    List<JsonNode> lines = new ArrayList<>();
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(new GZIPInputStream(gzipped), StandardCharsets.UTF_8))) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        lines.add(JSON.readTree(line));
      }
    }
    return lines;
  }
}
