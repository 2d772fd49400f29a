package io.embark.text;

import io.embark.token.HfTokenizer;
import io.embark.token.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Locale;

/**
 * What cutting a document costs beside tokenising it once: {@code ChunkThroughput TEXT TOKENIZER}.
 * Not a test; prints seconds and the most memory of this process.
 */
final class ChunkThroughput {
  private static final int MAX_LENGTH = 256;

  private ChunkThroughput() {}

  public static void main(String[] args) throws IOException {
    String document = Files.readString(Path.of(args[0]));
    try (Tokenizer tokenizer = HfTokenizer.open(Path.of(args[1]), MAX_LENGTH)) {
      long start = System.nanoTime();
      for (int from = 0; from < document.length(); from += 1000) {
        tokenizer.encode(document.substring(from, Math.min(document.length(), from + 1000)));
      }
      double once = (System.nanoTime() - start) / 1e9;
      start = System.nanoTime();
      for (int from = 0; from < document.length(); from += 1 << 16) {
        tokenizer.spans(document.substring(from, Math.min(document.length(), from + (1 << 16))));
      }
      double spans = (System.nanoTime() - start) / 1e9;
      start = System.nanoTime();
      int chunks = 0;
      Iterator<Chunk> all = new Chunker(tokenizer, "", 0, 0).chunks(document);
      while (all.hasNext()) {
        all.next();
        chunks++;
      }
      double cut = (System.nanoTime() - start) / 1e9;
      System.out.printf(
          Locale.ROOT,
          "%,d chars; tokenised in pieces %.2f s, with spans %.2f s; %,d chunks %.2f s; %s%n",
          document.length(),
          once,
          spans,
          chunks,
          cut,
          Files.readAllLines(Path.of("/proc/self/status")).stream()
              .filter(line -> line.startsWith("VmHWM"))
              .findFirst()
              .orElse("memory unknown"));
    }
  }
}
