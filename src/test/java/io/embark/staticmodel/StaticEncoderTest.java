package io.embark.staticmodel;

import static io.embark.testing.TinyStaticModels.DIM;
import static io.embark.testing.TinyStaticModels.WORDS;
import static io.embark.testing.TinyStaticModels.matrix;
import static io.embark.testing.TinyStaticModels.mean;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.embark.UserError;
import io.embark.batch.Batch;
import io.embark.onnx.Cancellation;
import io.embark.onnx.DeviceChoice;
import io.embark.onnx.EncodingException;
import io.embark.onnx.graph.GraphOutput.PooledOutput;
import io.embark.onnx.graph.PooledModel;
import io.embark.pooling.Layers;
import io.embark.pooling.Norm;
import io.embark.pooling.Pooling;
import io.embark.testing.SafeTensorsFiles;
import io.embark.testing.TinyStaticModels;
import io.embark.token.HfTokenizer;
import io.embark.token.Tokens;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StaticEncoderTest {
  private static final int LARGEST_ID = WORDS.size() - 1;
  private static final PooledOutput MEAN = PooledOutput.of("embark_mean", Pooling.MEAN);

  @TempDir private Path directory;
  private Path file;

  @BeforeEach
  void write() throws IOException {
    file =
        SafeTensorsFiles.write(
            directory.resolve("model.safetensors"), "embedding.weight", matrix());
  }

  private StaticEncoder open() throws IOException {
    return StaticEncoder.open(file, MEAN, LARGEST_ID);
  }

  /** Each text alone, as no batch has texts of different lengths. */
  private static List<float[]> encode(StaticEncoder encoder, List<Tokens> texts) {
    List<float[]> vectors = new ArrayList<>();
    for (int i = 0; i < texts.size(); i++) {
      vectors.add(encode(encoder, Batch.of(texts, new int[] {i}, 0)).get(0));
    }
    return vectors;
  }

  private static List<float[]> encode(StaticEncoder encoder, Batch batch) {
    int dim = encoder.outputs().get(0).dim();
    return encoder.encode(
        batch,
        batch.attentionMask(),
        new Cancellation(),
        values -> {
          List<float[]> vectors = new ArrayList<>();
          for (int row = 0; row < batch.size(); row++) {
            float[] vector = new float[dim];
            values.get(0).get(row * dim, vector);
            vectors.add(vector);
          }
          return vectors;
        });
  }

  private static Batch batch(int... ids) {
    Tokens tokens = new Tokens(Arrays.stream(ids).asLongStream().toArray(), ids.length);
    return Batch.of(List.of(tokens), new int[] {0}, 0);
  }

  @Test
  void aTextIsTheMeanOfItsTokensWithoutSpecialOnes() throws IOException {
    Path json = TinyStaticModels.writeTokenizer(directory.resolve("tokenizer.json"), 0);
    try (HfTokenizer tokenizer = HfTokenizer.withoutSpecialTokens(json, Integer.MAX_VALUE);
        StaticEncoder encoder = StaticEncoder.open(file, MEAN, tokenizer.largestId())) {
      assertThat(tokenizer.specialTokens()).isZero();
      List<Tokens> texts =
          List.of("The cats sat.", "zebra on the mat", "").stream().map(tokenizer::encode).toList();
      List<float[]> vectors = encode(encoder, texts);
      assertThat(vectors.get(0))
          .containsExactly(mean("the", "cat", "##s", "sat", "."), within(1e-6f));
      assertThat(vectors.get(1)).containsExactly(mean("[UNK]", "on", "the", "mat"), within(1e-6f));
      assertThat(vectors.get(2)).containsOnly(0);
    }
  }

  @Test
  void aTextHasTheSameBitsAloneAndInABatch() throws IOException {
    List<Tokens> texts = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      texts.add(new Tokens(new long[] {i % 16, i * 7 % 16, i * 3 % 16}, 3));
    }
    int[] rows = IntStream.range(0, 300).map(i -> 299 - i).toArray();
    try (StaticEncoder encoder = open()) {
      List<float[]> together = encode(encoder, Batch.of(texts, rows, 0));
      List<float[]> alone = encode(encoder, texts);
      for (int i = 0; i < 300; i++) {
        assertThat(together.get(299 - i)).isEqualTo(alone.get(i));
      }
    }
  }

  @Test
  void theMeanIsCutAndThenScaled() throws IOException {
    PooledOutput wanted = new PooledOutput("embark_mean", Pooling.MEAN, Layers.LAST, 3, Norm.L2);
    try (StaticEncoder encoder = StaticEncoder.open(file, wanted, LARGEST_ID)) {
      assertThat(encoder.outputs()).containsExactly(new PooledModel.Output("embark_mean", 2, 3));
      float[] cut = Arrays.copyOf(mean("cat", "dog"), 3);
      Norm.L2.apply(cut);
      assertThat(encode(encoder, batch(6, 7)).get(0)).containsExactly(cut, within(1e-6f));
      // A zero vector stays zero.
      assertThat(encode(encoder, batch()).get(0)).containsOnly(0);
    }
    assertThatThrownBy(
            () ->
                StaticEncoder.open(
                    file, new PooledOutput("m", Pooling.MEAN, Layers.LAST, 9, Norm.NONE), 3))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("truncate-dim is 9")
        .hasMessageContaining("have 8 values");
  }

  @ParameterizedTest
  @ValueSource(strings = {"embedding.weight", "embeddings"})
  void bothNamesOfTheMatrixAreKnown(String name) throws IOException {
    SafeTensorsFiles.write(file, name, matrix());
    try (StaticEncoder encoder = open()) {
      assertThat(encode(encoder, batch(6)).get(0)).containsExactly(matrix()[6]);
    }
  }

  @Test
  void aMatrixInHalfFloatsIsRead() throws IOException {
    String header =
        "{\"embeddings\": {\"dtype\": \"F16\", \"shape\": [2, 2], \"data_offsets\": [0, 8]}}";
    byte[] halves = {0, 0x3c, 0, 0x40, 0, (byte) 0xc0, 0, 0x3e};
    Files.write(file, SafeTensorsFiles.bytes(header, halves));
    try (StaticEncoder encoder = StaticEncoder.open(file, MEAN, 1)) {
      assertThat(encode(encoder, batch(0)).get(0)).containsExactly(1, 2);
      assertThat(encode(encoder, batch(0, 1)).get(0)).containsExactly(-0.5f, 1.75f);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"weights", "mapping"})
  void aMatrixWhoseRowsAreWeightedOrSharedIsRefused(String extra) throws IOException {
    String header =
        "{\"embeddings\": {\"dtype\": \"F32\", \"shape\": [1, 1], \"data_offsets\": [0, 4]}, \"%s\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [4, 8]}}"
            .formatted(extra);
    Files.write(file, SafeTensorsFiles.bytes(header, new byte[8]));
    assertThatThrownBy(this::open)
        .isInstanceOf(UserError.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining("'" + extra + "'");
  }

  @Test
  void whatIsNoMatrixOfAStaticModelIsRefused() throws IOException {
    SafeTensorsFiles.write(file, "bert.embeddings.word_embeddings.weight", matrix());
    assertThatThrownBy(this::open)
        .isInstanceOf(UserError.class)
        .hasMessageContaining("no tensor 'embedding.weight'; found bert.embeddings");
    for (String shape : List.of("[2]", "[2, 1, 1]", "[]", "[0, 8]")) {
      int bytes = shape.equals("[]") ? 4 : shape.equals("[0, 8]") ? 0 : 8;
      String header =
          "{\"embeddings\": {\"dtype\": \"F32\", \"shape\": %s, \"data_offsets\": [0, %d]}}"
              .formatted(shape, bytes);
      Files.write(file, SafeTensorsFiles.bytes(header, new byte[bytes]));
      assertThatThrownBy(this::open)
          .as(shape)
          .isInstanceOf(UserError.class)
          .hasMessageContaining("has the shape " + shape);
    }
  }

  @Test
  void moreTokensThanRowsAreRefused() throws IOException {
    assertThatThrownBy(() -> StaticEncoder.open(file, MEAN, WORDS.size()))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("token ids up to 16")
        .hasMessageContaining("16 rows of 8 values");
    try (StaticEncoder encoder = open()) {
      assertThatThrownBy(() -> encode(encoder, batch(16))).hasMessageContaining("token id 16");
      assertThatThrownBy(() -> encode(encoder, batch(-1))).hasMessageContaining("token id -1");
    }
  }

  @Test
  void itRunsOnTheCpuWithoutPaddingUntilItIsClosed() throws IOException {
    StaticEncoder encoder = open();
    assertThat(encoder.device()).isEqualTo(DeviceChoice.CPU);
    assertThat(encoder.takesPadding()).isFalse();
    assertThat(encoder.outputs().get(0).dim()).isEqualTo(DIM);
    List<Tokens> uneven = List.of(new Tokens(new long[] {4}, 1), new Tokens(new long[] {4, 5}, 2));
    assertThatThrownBy(() -> encode(encoder, Batch.of(uneven, new int[] {0, 1}, 0)))
        .isInstanceOf(IllegalArgumentException.class);
    Cancellation stopped = new Cancellation();
    encoder.check(stopped);
    stopped.cancel();
    assertThatThrownBy(() -> encoder.encode(batch(4), null, stopped, values -> null))
        .isInstanceOfSatisfying(
            EncodingException.class,
            e -> assertThat(e.reason()).isEqualTo(EncodingException.Reason.CANCELLED));
    encoder.close();
    encoder.close();
    assertThatThrownBy(() -> encode(encoder, batch(4))).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> encoder.check(new Cancellation()))
        .isInstanceOf(IllegalStateException.class);
  }
}
