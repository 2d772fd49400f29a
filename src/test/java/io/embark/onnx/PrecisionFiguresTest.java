package io.embark.onnx;

import ai.onnxruntime.OrtSession;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.embark.onnx.graph.GraphOutput.PooledOutput;
import io.embark.onnx.graph.PooledGraph;
import io.embark.onnx.graph.PooledModel;
import io.embark.onnx.int8.Int8Model;
import io.embark.pooling.Layers;
import io.embark.pooling.Norm;
import io.embark.pooling.Pooling;
import io.embark.token.HfTokenizer;
import io.embark.token.Tokenizer;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Prints what int8 gains and costs, with some or all layers in it: the figures of {@code
 * docs/benchmarks/int8-results.txt}. Speeds are ratios of one run, alternating, two threads that
 * share a session, batches of 1,024 tokens without padding, attention without a mask as batches
 * have it on a CPU.
 */
@EnabledIfSystemProperty(named = "embark.figures", matches = "true")
class PrecisionFiguresTest {
  private static final double[] SHARES = {0.25, 0.5, 0.75, 0.9, 1};
  private static final int[] LENGTHS = {16, 64, 256};
  private static final int TURNS = 7;
  private static final int TEXTS = 300;

  @TempDir Path folder;

  private Path resource(String name) throws Exception {
    Path file = folder.resolve(name);
    try (InputStream in = getClass().getResourceAsStream("/" + name)) {
      Files.copy(in, file);
    }
    return file;
  }

  @ParameterizedTest
  @CsvSource({"all-minilm-l6-v2,MEAN", "bge-small-en-v1.5,CLS", "e5-small-v2,MEAN"})
  void figures(String name, Pooling pooling) throws Exception {
    PooledModel exact =
        PooledGraph.of(resource(name + ".onnx"))
            .add(List.of(new PooledOutput("v", pooling, Layers.LAST, 0, Norm.L2)));
    List<long[]> calibration;
    List<long[]> texts = new ArrayList<>();
    try (Tokenizer tokenizer = HfTokenizer.open(resource(name + "-tokenizer.json"), 256)) {
      Path lines = Path.of("src/main/resources/io/embark/embed/calibration-texts.txt");
      calibration = Files.readAllLines(lines).stream().map(t -> tokenizer.encode(t).ids()).toList();
      Path sample = Path.of("src/main/dist/sample/texts.jsonl");
      for (String line : Files.readAllLines(sample).subList(0, TEXTS)) {
        texts.add(tokenizer.encode(new ObjectMapper().readTree(line).get("text").asText()).ids());
      }
    }
    Int8Model int8 = new Int8Model(exact, calibration, TextSession::run);
    float[][] wanted = vectors(exact, texts);
    System.out.printf("%n%s, %s%n  layers in int8   cosine to float", name, pooling);
    System.out.printf(
        "            tokens/s against float, texts of %s%n", Arrays.toString(LENGTHS));
    PooledModel unmasked = UnmaskedAttention.of(exact, 512).orElseThrow();
    System.out.print("  float, no mask, against float with a mask              ");
    for (int length : LENGTHS) {
      System.out.print("  " + ratios(exact, unmasked, length));
    }
    System.out.println();
    for (double share : SHARES) {
      PooledModel made = UnmaskedAttention.of(int8.with(share), 512).orElseThrow();
      double[] cosines = cosines(wanted, vectors(made, texts));
      System.out.printf(
          "  %3.0f %%     median %.4f  1 %% of texts below %.4f ",
          100 * share, cosines[TEXTS / 2], cosines[TEXTS / 100]);
      for (int length : LENGTHS) {
        System.out.print("  " + ratios(unmasked, made, length));
      }
      System.out.println();
    }
  }

  private static float[][] vectors(PooledModel model, List<long[]> texts) throws Exception {
    List<float[]> vectors = new ArrayList<>();
    TextSession.run(model, texts, found -> vectors.add(found.get("v")));
    return vectors.toArray(float[][]::new);
  }

  private static double[] cosines(float[][] a, float[][] b) {
    double[] cosines = new double[a.length];
    for (int t = 0; t < a.length; t++) {
      for (int i = 0; i < a[t].length; i++) {
        cosines[t] += (double) a[t][i] * b[t][i];
      }
    }
    Arrays.sort(cosines);
    return cosines;
  }

  private static String ratios(PooledModel before, PooledModel after, int length) throws Exception {
    double[] ratios = new double[TURNS];
    try (OrtSession slow = Sessions.open(before);
        OrtSession fast = Sessions.open(after)) {
      seconds(slow, length);
      seconds(fast, length);
      for (int i = 0; i < TURNS; i++) {
        ratios[i] = seconds(slow, length) / seconds(fast, length);
      }
    }
    Arrays.sort(ratios);
    return "%.2fx (%.2f..%.2f)".formatted(ratios[TURNS / 2], ratios[0], ratios[TURNS - 1]);
  }

  private static double seconds(OrtSession session, int length) {
    Random random = new Random(1);
    List<long[]> texts = new ArrayList<>();
    for (int t = 0; t < 1024 / length; t++) {
      texts.add(random.longs(length, 1000, 30_000).toArray());
    }
    long start = System.nanoTime();
    CompletableFuture<?>[] threads = new CompletableFuture<?>[2];
    for (int i = 0; i < threads.length; i++) {
      threads[i] = CompletableFuture.supplyAsync(() -> run(session, texts, length));
    }
    CompletableFuture.allOf(threads).join();
    return (System.nanoTime() - start) / 1e9;
  }

  private static Map<String, float[]> run(OrtSession session, List<long[]> texts, int length) {
    try {
      return BertModels.run(session, texts, length);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
