package io.embark.testing;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Ways in which files go bad, on their way or by malice. The same seed gives the same damage. */
public final class Corruption {
  private static final List<String> TOKENS =
      List.of(
          "null",
          "-1",
          "1e308",
          "99999999999999999999",
          "\"\"",
          "[]",
          "{}",
          "[[[[",
          "true",
          "\u0000",
          "\"../../etc/passwd\"",
          "0.5",
          "\\u12",
          "\ud83d\ude00",
          "#",
          "=",
          ":",
          ",");

  private Corruption() {}

  /** A damaged copy; now and then without damage. */
  public static byte[] of(byte[] whole, Random random) {
    byte[] bytes = whole.clone();
    for (int rounds = random.nextInt(4); rounds >= 0 && bytes.length > 0; rounds--) {
      int at = random.nextInt(bytes.length);
      int span = Math.min(bytes.length - at, 1 + random.nextInt(1 + random.nextInt(64)));
      switch (random.nextInt(8)) {
        case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> bytes[at] = (byte) random.nextInt(256);
        case 2 -> bytes = Arrays.copyOf(bytes, at);
        case 3 -> bytes = spliced(bytes, at, span, new byte[0]);
        case 4 -> bytes = spliced(bytes, at, 0, Arrays.copyOfRange(bytes, at, at + span));
        case 5 -> {
          byte[] noise = new byte[span];
          random.nextBytes(noise);
          bytes = spliced(bytes, at, span, noise);
        }
        case 6 -> {
          String token = TOKENS.get(random.nextInt(TOKENS.size()));
          bytes = spliced(bytes, at, span, token.getBytes(StandardCharsets.UTF_8));
        }
        default -> Arrays.fill(bytes, at, at + span, (byte) (random.nextBoolean() ? 0xFF : 0x80));
      }
    }
    return bytes;
  }

  private static byte[] spliced(byte[] bytes, int at, int removed, byte[] added) {
    byte[] result = Arrays.copyOf(bytes, bytes.length - removed + added.length);
    System.arraycopy(added, 0, result, at, added.length);
    System.arraycopy(bytes, at + removed, result, at + added.length, bytes.length - at - removed);
    return result;
  }
}
