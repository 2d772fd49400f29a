package io.embark.onnx;

import io.embark.batch.Batch;
import io.embark.onnx.graph.GraphOutput.PooledOutput;
import io.embark.onnx.graph.PooledGraph.PoolingMask;
import io.embark.pooling.Pooling;
import io.embark.testing.Corruption;
import io.embark.testing.TinyTokenizers;
import io.embark.token.HfTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;

/**
 * Gives corrupt files to the native libraries: {@code NativeFuzz models|tokenizers DIRECTORY SEED
 * COUNT}. A process of its own, for what it looks for ends the process. Says the seed before each
 * try; the file of the last one stays in the directory.
 */
final class NativeFuzz {
  private NativeFuzz() {}

  public static void main(String[] args) throws IOException {
    Path directory = Path.of(args[1]);
    long first = Long.parseLong(args[2]);
    int refused = 0;
    int count = Integer.parseInt(args[3]);
    Target target =
        args[0].equals("models")
            ? models(directory)
            : tokenizers(directory.resolve("tokenizer.json"));
    for (long seed = first; seed < first + count; seed++) {
      System.out.println("seed " + seed);
      try {
        target.use(new Random(seed));
      } catch (IllegalArgumentException | IllegalStateException e) {
        refused++;
      }
    }
    System.out.println("done, refused " + refused + " of " + count);
  }

  private interface Target {
    void use(Random random) throws IOException;
  }

  private static Target models(Path directory) throws IOException {
    CorruptModels models = new CorruptModels();
    return random -> {
      Path file = Files.write(directory.resolve("model.onnx"), models.of(random));
      List<PooledOutput> wanted = List.of(PooledOutput.of("mean", Pooling.MEAN));
      Batch batch =
          new Batch(
              new int[] {0, 1}, 3, new long[] {1, 2, 3, 4, 5, 0}, new long[] {1, 1, 1, 1, 1, 0}, 5);
      try (OnnxEncoder encoder = Encoders.open(file, wanted, PoolingMask.ATTENTION)) {
        Encoders.encode(encoder, batch, null);
      }
    };
  }

  private static Target tokenizers(Path file) throws IOException {
    byte[][] whole = new byte[2][];
    whole[0] = Files.readAllBytes(TinyTokenizers.BYTE_LEVEL.write(file.getParent()));
    whole[1] = Files.readAllBytes(TinyTokenizers.UNIGRAM.write(file.getParent()));
    return random -> {
      Files.write(file, Corruption.of(whole[random.nextInt(2)], random));
      try (HfTokenizer tokenizer = HfTokenizer.open(file, 64)) {
        for (String text :
            List.of("The cat sat", "", "\ud83d\ude00 \u0000 \ud800", "x".repeat(300))) {
          tokenizer.encode(text);
          tokenizer.spans(text);
        }
      }
    };
  }
}
