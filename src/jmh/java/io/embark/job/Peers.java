package io.embark.job;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.embedding.onnx.allminilml6v2.AllMiniLmL6V2EmbeddingModel;
import io.embark.embed.Embedder;
import io.embark.embed.EmbedderConfig;
import io.embark.onnx.Device;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Another library on the same texts, model file, ONNX Runtime and threads: langchain4j's in-process
 * embedding, which runs one text at a time, each thread of its pool another one. Only texts that
 * neither cuts are taken, for langchain4j splits texts beyond 510 tokens where Embark cuts at 256.
 */
public final class Peers {
  private static final int THREADS = 2;
  private static final int MOST_WORDS = 150;

  private Peers() {}

  /**
   * @param args rows of short texts, and turns
   */
  public static void main(String[] args) throws Exception {
    int rows = args.length > 0 ? Integer.parseInt(args[0]) : 1_000;
    int turns = args.length > 1 ? Integer.parseInt(args[1]) : 3;
    ObjectMapper json = new ObjectMapper();
    List<String> sample = new ArrayList<>();
    for (String line : Files.readAllLines(Path.of("src/main/dist/sample/texts.jsonl"))) {
      sample.add(json.readTree(line).get("text").asText());
    }
    PrintWriter out = new PrintWriter(System.out, true);
    EmbedderConfig config =
        EmbedderConfig.of("builtin:all-MiniLM-L6-v2").toBuilder()
            .device(Device.CPU)
            .intraOpThreads(1)
            .build();
    ExecutorService pool = Executors.newFixedThreadPool(THREADS);
    try (Embedder embark = Embedder.open(config)) {
      AllMiniLmL6V2EmbeddingModel peer = new AllMiniLmL6V2EmbeddingModel(pool);
      requireSame(embark, peer);
      out.printf(
          "JDK %s, %d threads, %d turns; command: jobs/bench.sh --peers %s%n",
          System.getProperty("java.version"), THREADS, turns, String.join(" ", args));
      for (Corpus corpus : List.of(Corpus.SHORT, Corpus.MIXED)) {
        List<String> texts =
            corpus.made(sample, corpus.rows(rows)).stream()
                .filter(text -> text.split(" ").length <= MOST_WORDS)
                .toList();
        List<TextSegment> segments = texts.stream().map(TextSegment::from).toList();
        out.printf(
            Locale.ROOT, "%n%s, at most %d words: %,d rows%n", corpus, MOST_WORDS, texts.size());
        new Turns(turns)
            .way("langchain4j 0.36.2, embedAll", () -> peer.embedAll(segments))
            .way("Embark, Java loop", () -> Throughput.loop(embark, texts, THREADS))
            .run()
            .print(out, "rows/s", texts.size());
      }
    } finally {
      pool.shutdownNow();
    }
  }

  private static void requireSame(Embedder embark, AllMiniLmL6V2EmbeddingModel peer) {
    String text = "Both are to give the same vector.";
    float[] ours = embark.embed(List.of(text))[0];
    float[] theirs = peer.embed(text).content().vector();
    for (int i = 0; i < ours.length; i++) {
      if (Math.abs(ours[i] - theirs[i]) > 1e-4) {
        throw new IllegalStateException("Value %d: %f and %f".formatted(i, ours[i], theirs[i]));
      }
    }
  }
}
