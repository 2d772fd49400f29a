package io.embark.token;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToLongFunction;

/**
 * What calling the tokenizer library from Java costs, on one thread: a program, not a test.
 * Arguments: a {@code tokenizer.json}, a file with a text a line, rounds. Ways take turns every few
 * texts and the thread's processor time counts, so that other work on the machine matters little.
 * Run it with RAYON_NUM_THREADS=1: the library's batch call works on threads of its own, whose time
 * is then missing, and only the wall clock says what it takes.
 */
public final class TokenizerThroughput {
  private static final TokenizersLibrary LIBRARY = TokenizersLibrary.LIB;
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
  private static final int BATCH = 256;

  private TokenizerThroughput() {}

  private record Way(String name, ToLongFunction<List<String>> work) {}

  public static void main(String[] args) throws IOException {
    Path json = Path.of(args[0]);
    List<String> texts = Files.readAllLines(Path.of(args[1]));
    int rounds = Integer.parseInt(args[2]);
    try (HfTokenizer ours = HfTokenizer.open(json, 256);
        HuggingFaceTokenizer raw =
            HuggingFaceTokenizer.newInstance(
                json, Map.of("truncation", "DO_NOT_TRUNCATE", "padding", "DO_NOT_PAD"))) {
      long handle = raw.getHandle();
      List<Way> ways =
          List.of(
              new Way(
                  "HfTokenizer",
                  all -> all.stream().mapToLong(text -> ours.encode(text).total()).sum()),
              new Way("library, without fetching ids", all -> encodeOnly(handle, all)),
              new Way("library, batches of " + BATCH, all -> batches(handle, all)));
      long tokens = ways.get(0).work().applyAsLong(texts);
      double[][] cpu = new double[ways.size()][rounds];
      double[][] wall = new double[ways.size()][rounds];
      for (int round = -1; round < rounds; round++) {
        for (int from = 0; from < texts.size(); from += BATCH) {
          List<String> part = texts.subList(from, Math.min(texts.size(), from + BATCH));
          for (int way = 0; way < ways.size(); way++) {
            long start = System.nanoTime();
            long busy = THREADS.getCurrentThreadCpuTime();
            ways.get(way).work().applyAsLong(part);
            if (round >= 0) {
              cpu[way][round] += (THREADS.getCurrentThreadCpuTime() - busy) / 1e9;
              wall[way][round] += (System.nanoTime() - start) / 1e9;
            }
          }
        }
      }
      System.out.printf(
          "%,d texts, %,d tokens; tokens/s, median of rounds%n", texts.size(), tokens);
      for (int way = 0; way < ways.size(); way++) {
        System.out.printf(
            Locale.ROOT,
            "  %-32s %,10.0f by processor time (Relative %.3f), %,10.0f by the clock%n",
            ways.get(way).name(),
            tokens / median(cpu[way]),
            ratio(cpu[1], cpu[way]),
            tokens / median(wall[way]));
      }
    }
  }

  private static double ratio(double[] base, double[] seconds) {
    double[] ratios = new double[base.length];
    for (int i = 0; i < ratios.length; i++) {
      ratios[i] = base[i] / seconds[i];
    }
    return median(ratios);
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  /** The library's own share. */
  private static long encodeOnly(long handle, List<String> texts) {
    for (String text : texts) {
      LIBRARY.deleteEncoding(LIBRARY.encode(handle, text, true));
    }
    return 0;
  }

  private static long batches(long handle, List<String> texts) {
    long tokens = 0;
    for (long encoding : LIBRARY.batchEncode(handle, texts.toArray(String[]::new), true)) {
      tokens += LIBRARY.getTokenIds(encoding).length;
      LIBRARY.deleteEncoding(encoding);
    }
    return tokens;
  }
}
