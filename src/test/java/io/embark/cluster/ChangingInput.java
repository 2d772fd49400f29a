package io.embark.cluster;

import io.embark.embed.Embedder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/** Texts with ids that change from day to day: some are new, some become others, some go. */
final class ChangingInput {
  private final Random random;
  private final Map<Long, String> texts = new TreeMap<>();
  private final int rows;
  private long nextId;
  private int day;

  /**
   * @param rows on the first day
   */
  ChangingInput(Random random, int rows) {
    this.random = random;
    this.rows = rows;
  }

  void nextDay() {
    day++;
    texts.keySet().removeIf(id -> random.nextInt(20) == 0);
    texts.replaceAll((id, text) -> random.nextInt(3) == 0 ? text(id) : text);
    int more = nextId == 0 ? rows : rows / 3;
    for (int i = 0; i < more; i++) {
      texts.put(nextId, text(nextId));
      nextId++;
    }
  }

  private String text(long id) {
    return "On day %d row %d said".formatted(day, id) + " so".repeat(random.nextInt(20));
  }

  void write(Path file) throws IOException {
    StringBuilder lines = new StringBuilder();
    texts.forEach(
        (id, text) -> lines.append("{\"id\": %d, \"text\": \"%s\"}%n".formatted(id, text)));
    Files.writeString(file, lines);
  }

  /** What a table of them is to hold, see {@link #row}, sorted. */
  List<String> rows(Embedder embedder) {
    List<Long> ids = new ArrayList<>(texts.keySet());
    float[][] vectors = embedder.embed(ids.stream().map(texts::get).toList());
    List<String> rows = new ArrayList<>();
    for (int i = 0; i < vectors.length; i++) {
      rows.add(row(ids.get(i), texts.get(ids.get(i)), vectors[i]));
    }
    rows.sort(null);
    return rows;
  }

  /** A row in words. */
  static String row(long id, String text, float[] vector) {
    return id + " " + text + " " + Arrays.toString(vector);
  }
}
