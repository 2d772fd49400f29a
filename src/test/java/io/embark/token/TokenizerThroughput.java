package io.embark.token;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToLongFunction;

/**
 * Measures ways to call the tokenizer library on one thread: a program, not a test. Arguments: a
 * {@code tokenizer.json}, a file with a text a line, rounds. Run it with RAYON_NUM_THREADS=1, or
 * the library's batch call spreads over all cores.
 */
public final class TokenizerThroughput {
  private static final TokenizersLibrary LIBRARY = TokenizersLibrary.LIB;
  private static final int BATCH = 256;

  private TokenizerThroughput() {}

  public static void main(String[] args) throws IOException {
    Path json = Path.of(args[0]);
    List<String> texts = Files.readAllLines(Path.of(args[1]));
    int rounds = Integer.parseInt(args[2]);
    try (HfTokenizer ours = HfTokenizer.open(json, 256);
        HuggingFaceTokenizer raw =
            HuggingFaceTokenizer.newInstance(
                json, Map.of("truncation", "DO_NOT_TRUNCATE", "padding", "DO_NOT_PAD"))) {
      long handle = raw.getHandle();
      long tokens = texts.stream().mapToLong(text -> ours.encode(text).total()).sum();
      for (int round = 0; round < rounds; round++) {
        List<String> speeds = new ArrayList<>();
        speeds.add(
            speed(
                "HfTokenizer",
                texts,
                all -> all.stream().mapToLong(t -> ours.encode(t).total()).sum()));
        speeds.add(speed("library, encode only", texts, all -> encodeOnly(handle, all) + tokens));
        speeds.add(speed("library, batches of " + BATCH, texts, all -> batches(handle, all)));
        System.out.printf("round %d: %s%n", round, String.join(", ", speeds));
      }
    }
  }

  private static String speed(String name, List<String> texts, ToLongFunction<List<String>> work) {
    long start = System.nanoTime();
    long tokens = work.applyAsLong(texts);
    double seconds = (System.nanoTime() - start) / 1e9;
    return String.format(Locale.ROOT, "%s %,.0f tokens/s", name, tokens / seconds);
  }

  /** Without fetching the ids: the library's own share. */
  private static long encodeOnly(long handle, List<String> texts) {
    for (String text : texts) {
      LIBRARY.deleteEncoding(LIBRARY.encode(handle, text, true));
    }
    return 0;
  }

  private static long batches(long handle, List<String> texts) {
    long tokens = 0;
    for (int from = 0; from < texts.size(); from += BATCH) {
      String[] batch =
          texts.subList(from, Math.min(texts.size(), from + BATCH)).toArray(String[]::new);
      for (long encoding : LIBRARY.batchEncode(handle, batch, true)) {
        tokens += LIBRARY.getTokenIds(encoding).length;
        LIBRARY.deleteEncoding(encoding);
      }
    }
    return tokens;
  }
}
