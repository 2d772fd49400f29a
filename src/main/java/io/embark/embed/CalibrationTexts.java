package io.embark.embed;

import io.embark.token.Tokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Texts of many kinds, written for the purpose, with which a model is measured before it is used in
 * another precision: each alone, and several as one long text, as positions and lengths matter too.
 */
final class CalibrationTexts {
  private static final String FILE = "calibration-texts.txt";

  /** Lines that are joined to one long text. */
  private static final int JOINED = 8;

  private CalibrationTexts() {}

  /** Token ids of each text as the model would see it, after the prompt and cut to its length. */
  static List<long[]> ids(Tokenizer tokenizer, String prompt) {
    List<String> lines = lines();
    List<String> texts = new ArrayList<>(lines);
    for (int from = 0; from < lines.size(); from += JOINED) {
      texts.add(String.join(" ", lines.subList(from, Math.min(lines.size(), from + JOINED))));
    }
    return texts.stream().map(text -> tokenizer.encode(prompt + text).ids()).toList();
  }

  private static List<String> lines() {
    try (InputStream file = CalibrationTexts.class.getResourceAsStream(FILE)) {
      return new String(file.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + FILE + " in Embark's own jar", e);
    }
  }
}
