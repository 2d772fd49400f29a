package io.embark.model;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** SHA-256 of files and texts, as 64 lower-case hexadecimal digits. */
public final class Fingerprint {
  /** A change this soon after another may leave a file's time as it was. */
  private static final long CLOCK_TICK_MILLIS = 50;

  private static final long COARSE_CLOCK_TICK_MILLIS = 2_000;

  private static final Map<Path, Known> KNOWN = new ConcurrentHashMap<>();

  private Fingerprint() {}

  /** A file's attributes when it was read. */
  private record Stamp(long size, FileTime modified, Object inode) {
    static Stamp of(Path file) throws IOException {
      BasicFileAttributes found = Files.readAttributes(file, BasicFileAttributes.class);
      return new Stamp(found.size(), found.lastModifiedTime(), found.fileKey());
    }

    /** Whether every later change gives another stamp. */
    boolean settled() {
      long age = System.currentTimeMillis() - modified.toMillis();
      boolean wholeSeconds = modified.toMillis() % 1000 == 0;
      return age > (wholeSeconds ? COARSE_CLOCK_TICK_MILLIS : CLOCK_TICK_MILLIS);
    }
  }

  private record Known(Stamp stamp, String sha256) {}

  /** Of a text's UTF-8 bytes. */
  public static String of(String text) {
    return of(text.getBytes(StandardCharsets.UTF_8));
  }

  public static String of(byte[] bytes) {
    return HexFormat.of().formatHex(sha256().digest(bytes));
  }

  /**
   * Of a file's bytes, read once in this JVM and again when size, time of modification or inode
   * have changed since.
   */
  public static String of(Path file) throws IOException {
    Path path = file.toRealPath();
    Stamp stamp = Stamp.of(path);
    Known known = KNOWN.get(path);
    if (known != null && known.stamp.equals(stamp)) {
      return known.sha256;
    }
    boolean settled = stamp.settled();
    String sha256 = read(path);
    if (settled && Stamp.of(path).equals(stamp)) {
      KNOWN.put(path, new Known(stamp, sha256));
    } else {
      KNOWN.remove(path);
    }
    return sha256;
  }

  private static String read(Path file) throws IOException {
    MessageDigest digest = sha256();
    byte[] piece = new byte[1 << 16];
    try (InputStream in = Files.newInputStream(file)) {
      for (int n = in.read(piece); n >= 0; n = in.read(piece)) {
        digest.update(piece, 0, n);
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }
}
