package io.embark.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.embark.UserError;
import io.embark.testing.Corruption;
import io.embark.testing.SafeTensorsFiles;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class SafeTensorsTest {
  private static final String TWO =
      """
      {"__metadata__": {"format": "pt"},
       "b": {"dtype": "F32", "shape": [2, 3], "data_offsets": [4, 28]},
       "a": {"data_offsets": [0, 4], "shape": [], "dtype": "F32"}}   \s
      """;
  private static final byte[] SEVEN = SafeTensorsFiles.floats(9, 1, 2, 3, 4, 5, 6);
  private static final int ROUNDS = 5_000;

  @TempDir private Path directory;

  private Path write(byte[] bytes) throws IOException {
    return Files.write(directory.resolve("model.safetensors"), bytes);
  }

  private Path write(String header, byte[] data) throws IOException {
    return write(SafeTensorsFiles.bytes(header, data));
  }

  @Test
  void tensorsAreReadByName() throws IOException {
    SafeTensors file = SafeTensors.open(write(TWO, SEVEN));
    assertThat(file.names()).containsExactly("b", "a");
    assertThat(file.shape("b")).containsExactly(2L, 3L);
    assertThat(file.shape("a")).isEmpty();
    assertThat(file.floats("b")).containsExactly(1, 2, 3, 4, 5, 6);
    assertThat(file.floats("a")).containsExactly(9);
    FloatBuffer view = file.view("b");
    assertThat(view.isReadOnly()).isTrue();
    assertThat(view.remaining()).isEqualTo(6);
    assertThat(view.get(5)).isEqualTo(6);
  }

  @Test
  void aFileWithoutTensorsHasNone() throws IOException {
    SafeTensors file = SafeTensors.open(write("{}", new byte[0]));
    assertThat(file.names()).isEmpty();
    assertThatThrownBy(() -> file.shape("a")).hasMessageContaining("found none");
  }

  static List<Arguments> types() {
    return List.of(
        Arguments.of(
            "F64", doubles(1.5, -0.1, 1e300), new float[] {1.5f, -0.1f, Float.POSITIVE_INFINITY}),
        Arguments.of(
            "F32",
            SafeTensorsFiles.floats(1.5f, -0.1f, Float.MIN_VALUE),
            new float[] {1.5f, -0.1f, Float.MIN_VALUE}),
        Arguments.of("F16", shorts(0x3e00, 0xc000, 0x0001), new float[] {1.5f, -2, 0x1p-24f}),
        Arguments.of(
            "BF16",
            shorts(0x3fc0, 0xc000, 0xff80),
            new float[] {1.5f, -2, Float.NEGATIVE_INFINITY}));
  }

  @ParameterizedTest
  @MethodSource("types")
  void numbersOfOtherTypesBecomeFloats(String type, byte[] data, float[] values)
      throws IOException {
    String header =
        "{\"x\": {\"dtype\": \"%s\", \"shape\": [3], \"data_offsets\": [0, %d]}}"
            .formatted(type, data.length);
    SafeTensors file = SafeTensors.open(write(header, data));
    assertThat(file.floats("x")).containsExactly(values);
    float[] viewed = new float[3];
    file.view("x").get(viewed);
    assertThat(viewed).containsExactly(values);
  }

  @Test
  void filesOfMoreThanTwoGibibytesWork() throws IOException {
    // A sparse file: nothing but the last four bytes is written.
    long before = 3L << 30;
    String header =
        "{\"big\": {\"dtype\": \"U8\", \"shape\": [%1$d], \"data_offsets\": [0, %1$d]}, \"x\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [%1$d, %2$d]}}"
            .formatted(before, before + 4);
    Path path = write(header, new byte[0]);
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.seek(file.length() + before);
      file.write(SafeTensorsFiles.floats(7));
    }
    SafeTensors file = SafeTensors.open(path);
    assertThat(file.floats("x")).containsExactly(7);
    assertThat(file.view("x").get(0)).isEqualTo(7);
    Files.delete(path);
  }

  @Test
  void aFileThatWasCutSinceIsRefused() throws IOException {
    Path path = write(TWO, SEVEN);
    SafeTensors file = SafeTensors.open(path);
    Files.write(path, Arrays.copyOf(Files.readAllBytes(path), 150));
    assertThatThrownBy(() -> file.floats("b"))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("was cut");
    assertThatThrownBy(() -> file.view("b"))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("was cut");
  }

  @Test
  void aMissingTensorIsNamedWithThoseThereAre() throws IOException {
    SafeTensors file = SafeTensors.open(write(TWO, SEVEN));
    assertThatThrownBy(() -> file.floats("linear.weight"))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("no tensor 'linear.weight'; found a, b");
  }

  @ParameterizedTest
  @ValueSource(strings = {"I8", "U8", "BOOL", "F8_E4M3"})
  void whatIsNoFloatIsNamedButNotRead(String type) throws IOException {
    String header =
        "{\"x\": {\"dtype\": \"%s\", \"shape\": [4], \"data_offsets\": [0, 4]}}".formatted(type);
    SafeTensors file = SafeTensors.open(write(header, new byte[4]));
    assertThat(file.shape("x")).containsExactly(4L);
    assertThatThrownBy(() -> file.floats("x"))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("holds " + type);
    assertThatThrownBy(() -> file.view("x"))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("holds " + type);
  }

  private static Arguments tensor(String fields, String message) {
    return Arguments.of("{\"x\": {" + fields + "}}", 8, message);
  }

  private static Arguments shaped(String shape, String offsets, String message) {
    return tensor(
        "\"dtype\": \"F32\", \"shape\": %s, \"data_offsets\": %s".formatted(shape, offsets),
        message);
  }

  static List<Arguments> broken() {
    String good = "\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": ";
    return List.of(
        Arguments.of("", 0, "header has 0 bytes"),
        Arguments.of("  ", 8, "is empty, wanted is an object"),
        Arguments.of("nonsense", 8, "not JSON"),
        Arguments.of("{\"x\": ", 8, "not JSON"),
        Arguments.of("[]", 8, "wanted is an object"),
        Arguments.of("null", 8, "wanted is an object"),
        Arguments.of("{} {}", 0, "goes on behind its object"),
        Arguments.of("{\"x\": 1}", 8, "'x' is 1, wanted is an object"),
        Arguments.of("{\"__metadata__\": []}", 0, "wanted is an object"),
        Arguments.of("{\"a\":" + "[".repeat(5000), 0, "wanted is an object"),
        Arguments.of("{\"__metadata__\": {\"a\":" + "[".repeat(5000), 0, "not JSON"),
        Arguments.of("{}", 8, "8 bytes behind its header, but its tensors take 0"),
        Arguments.of("{\"x\": {%s[0, 4]}}".formatted(good), 8, "tensors take 4"),
        Arguments.of("{\"x\": {%s[4, 8]}}".formatted(good), 8, "before it end at 0"),
        Arguments.of(
            "{\"x\": {%s[0, 4]}, \"x\": {%s[4, 8]}}".formatted(good, good),
            8,
            "Duplicate field 'x'"),
        Arguments.of(
            "{\"x\": {%s[0, 4]}, \"y\": {%s[0, 4]}}".formatted(good, good),
            4,
            "tensors before it end at 4"),
        Arguments.of(
            "{\"x\": {%s[0, 4]}, \"y\": {%s[3, 7]}}".formatted(good, good),
            7,
            "tensors before it end at 4"),
        tensor("", "lacks one of"),
        tensor("\"dtype\": \"F32\", \"shape\": [2]", "lacks one of"),
        tensor("\"dtype\": \"Q4\", \"shape\": [2], \"data_offsets\": [0, 8]", "unknown dtype 'Q4'"),
        tensor("\"dtype\": 32, \"shape\": [2], \"data_offsets\": [0, 8]", "dtype that is 32"),
        tensor("\"dtype\": \"F4\", \"shape\": [3], \"data_offsets\": [0, 8]", "no whole number"),
        tensor(good + "[0, 8], \"dtype\": \"F32\"", "Duplicate field 'dtype'"),
        tensor(good + "[0, 8], \"scale\": 2", "unknown key 'scale'"),
        shaped("2", "[0, 8]", "shape that is 2"),
        shaped("[-2]", "[0, 8]", "-2 in its shape"),
        shaped("[2.0]", "[0, 8]", "2.0 in its shape"),
        shaped("[null]", "[0, 8]", "null in its shape"),
        shaped("[[2]]", "[0, 8]", "in its shape"),
        shaped("[99999999999999999999]", "[0, 8]", "99999999999999999999 in its shape"),
        shaped("[9223372036854775807, 2]", "[0, 8]", "takes more than 2^63 bytes"),
        shaped("[4294967296, 4294967296]", "[0, 8]", "takes more than 2^63 bytes"),
        shaped("[4611686018427387906]", "[0, 8]", "takes no whole number"),
        shaped("[" + "1, ".repeat(40) + "2]", "[0, 8]", "more than 32 numbers"),
        shaped("[3]", "[0, 8]", "takes 12 bytes"),
        shaped("[3]", "[0, 12]", "8 bytes behind its header"),
        shaped("[2]", "[0]", "1 data_offsets"),
        shaped("[2]", "[0, 4, 8]", "3 data_offsets"),
        shaped("[2]", "[8, 0]", "end before it begins"),
        shaped("[2]", "[-8, 0]", "-8 in its data_offsets"),
        shaped("[2]", "[0, 9223372036854775807]", "8 bytes behind its header"),
        shaped("[2]", "[\"0\", 8]", "0 in its data_offsets"));
  }

  @ParameterizedTest
  @MethodSource("broken")
  void aBrokenHeaderIsRefused(String header, int data, String message) throws IOException {
    Path path = write(header, new byte[data]);
    assertThatThrownBy(() -> SafeTensors.open(path))
        .isInstanceOf(UserError.class)
        .hasMessageContaining(path.toString())
        .hasMessageContaining(message);
  }

  static List<Arguments> noSafeTensors() {
    byte[] absurd = SafeTensorsFiles.bytes("{}", new byte[0]);
    Arrays.fill(absurd, 0, 8, (byte) 0xff);
    byte[] beyond = SafeTensorsFiles.bytes("{}", new byte[0]);
    beyond[0] = 3;
    byte[] notUtf8 = SafeTensorsFiles.bytes("{\"?\": 1}", new byte[0]);
    notUtf8[10] = (byte) 0xff;
    String pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 4\n";
    return List.of(
        Arguments.of(new byte[0], "has 0 bytes"),
        Arguments.of(new byte[7], "has 7 bytes"),
        Arguments.of(new byte[8], "header has 0 bytes"),
        Arguments.of(absurd, "header has 18446744073709551615 bytes"),
        Arguments.of(beyond, "header has 3 bytes; wanted are 2 to 2"),
        Arguments.of(notUtf8, "not UTF-8"),
        Arguments.of(pointer.getBytes(StandardCharsets.UTF_8), "pointer of Git LFS"),
        Arguments.of(
            "<!DOCTYPE html><html></html>".getBytes(StandardCharsets.UTF_8),
            "no safetensors file"));
  }

  @ParameterizedTest
  @MethodSource("noSafeTensors")
  void whatIsNoSafeTensorsFileIsRefused(byte[] bytes, String message) throws IOException {
    Path path = write(bytes);
    assertThatThrownBy(() -> SafeTensors.open(path))
        .isInstanceOf(UserError.class)
        .hasMessageContaining(path.toString())
        .hasMessageContaining(message);
  }

  @Test
  void aDirectoryAndAMissingFileAreRefused() {
    assertThatThrownBy(() -> SafeTensors.open(directory)).isInstanceOf(UserError.class);
    assertThatThrownBy(() -> SafeTensors.open(directory.resolve("none")))
        .isInstanceOf(UserError.class);
  }

  /** Every bit of the header once, then damage of all kinds. */
  @Test
  void aDamagedFileIsReadOrRefused() throws IOException {
    byte[] whole = SafeTensorsFiles.bytes(TWO, SEVEN);
    Random random = new Random(1);
    assertTimeoutPreemptively(
        Duration.ofSeconds(120),
        () -> {
          for (int bit = 0; bit < 8 * (whole.length - SEVEN.length); bit++) {
            byte[] flipped = whole.clone();
            flipped[bit / 8] ^= (byte) (1 << bit % 8);
            readOrRefuse(flipped);
          }
          for (int round = 0; round < ROUNDS; round++) {
            readOrRefuse(Corruption.of(whole, random));
          }
        });
  }

  private void readOrRefuse(byte[] bytes) throws IOException {
    try {
      SafeTensors file = SafeTensors.open(write(bytes));
      for (String name : file.names()) {
        assertThat(file.floats(name).length * 2L).isLessThanOrEqualTo(bytes.length);
        file.view(name);
      }
    } catch (UserError e) {
      assertThat(e.getMessage()).contains("model.safetensors");
    }
  }

  private static byte[] doubles(double... values) {
    ByteBuffer bytes = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asDoubleBuffer().put(values);
    return bytes.array();
  }

  private static byte[] shorts(int... values) {
    ByteBuffer bytes = ByteBuffer.allocate(2 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (int value : values) {
      bytes.putShort((short) value);
    }
    return bytes.array();
  }
}
