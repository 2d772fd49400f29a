package io.embark.token;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.CharSpan;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import io.embark.natives.NativeLibraries;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A Hugging Face {@code tokenizer.json}, run by the Rust library behind DJL.
 *
 * <p>Only the library's ids cross into Java: its {@code Encoding} class would also copy token
 * strings, character spans and four more arrays per text. Truncation is done here rather than by
 * the library, so that the length of the whole text is known without building the overflow.
 *
 * <p>Texts of ASCII go to {@link AsciiWordPiece} instead where the file is that of a BERT model.
 */
public final class HfTokenizer implements Tokenizer {
  private static final TokenizersLibrary LIBRARY;

  private static final Logger LOG = LoggerFactory.getLogger(HfTokenizer.class);

  /** What both ways through are compared on before the quick one is trusted. */
  private static final List<String> PROBES =
      List.of(
          "",
          "Hello, World! isn't unaffable (1,234.5%) @home #1 $2 ~x~ {a}",
          " \t a\r\nb\u0007c\u007fd  ",
          "Zyzzyvas " + "x".repeat(100) + " " + "y".repeat(101) + " ##ing");

  static {
    // Before any DJL class loads: no call home, no download of a CUDA build of the tokenizer.
    System.setProperty("ai.djl.offline", "true");
    NativeLibraries.use();
    LIBRARY = TokenizersLibrary.LIB;
  }

  private final HuggingFaceTokenizer tokenizer;
  private final int maxLength;
  private final int specialPrefix;
  private final int specialSuffix;
  private final long unknownId;

  /**
   * Read: a text is being tokenised. Write: closing, which must wait, as the native side does not.
   */
  private final ReadWriteLock inUse = new ReentrantReadWriteLock();

  /** For most texts of BERT models; null for other models. */
  private final AsciiWordPiece ascii;

  private HfTokenizer(
      HuggingFaceTokenizer tokenizer, int maxLength, TokenizerJson json, Path source) {
    this.tokenizer = tokenizer;
    this.maxLength = maxLength;
    this.unknownId = json.unknownId();
    long[] special = specialTokenMaskOfProbe();
    int prefix = 0;
    while (prefix < special.length && special[prefix] == 1) {
      prefix++;
    }
    int suffix = 0;
    while (suffix < special.length - prefix && special[special.length - 1 - suffix] == 1) {
      suffix++;
    }
    this.specialPrefix = prefix;
    this.specialSuffix = suffix;
    if (maxLength <= specialTokens()) {
      throw new IllegalArgumentException(
          "maxLength is %d tokens, but the tokenizer %s alone adds %d special tokens; use at least %d."
              .formatted(maxLength, source, specialTokens(), specialTokens() + 1));
    }
    this.ascii = ascii(json);
  }

  /** Null as well if it is found to differ from the library. */
  private AsciiWordPiece ascii(TokenizerJson json) {
    long[] probe = libraryIds("a");
    AsciiWordPiece found =
        AsciiWordPiece.of(
                json,
                Arrays.copyOf(probe, specialPrefix),
                Arrays.copyOfRange(probe, probe.length - specialSuffix, probe.length))
            .orElse(null);
    for (String text : PROBES) {
      if (found != null && !Arrays.equals(found.encode(text), libraryIds(text))) {
        LOG.warn("Every text is tokenised by the library: this class does not do it alike");
        return null;
      }
    }
    return found;
  }

  /**
   * Opens a tokenizer. Truncation and padding set in the file are ignored.
   *
   * @param tokenizerJson the {@code tokenizer.json}
   * @param maxLength the most tokens per text, special tokens included
   * @throws IOException if the file cannot be read
   * @throws IllegalArgumentException if it is not a tokenizer, or leaves no room for text
   */
  public static HfTokenizer open(Path tokenizerJson, int maxLength) throws IOException {
    if (!Files.isReadable(tokenizerJson)) {
      throw new IOException("No readable tokenizer file at " + tokenizerJson + ".");
    }
    HuggingFaceTokenizer tokenizer;
    try {
      tokenizer =
          HuggingFaceTokenizer.newInstance(
              tokenizerJson, Map.of("truncation", "DO_NOT_TRUNCATE", "padding", "DO_NOT_PAD"));
    } catch (RuntimeException e) {
      throw new IllegalArgumentException(
          "%s is not a Hugging Face tokenizer.json that can be read: %s"
              .formatted(tokenizerJson, e.getMessage()),
          e);
    }
    try {
      TokenizerJson json = TokenizerJson.read(tokenizerJson);
      return new HfTokenizer(tokenizer, maxLength, json, tokenizerJson);
    } catch (IOException | IllegalArgumentException e) {
      tokenizer.close();
      throw e;
    } catch (RuntimeException e) {
      tokenizer.close();
      throw new IllegalArgumentException(
          "%s is read, but cannot tokenise the letter a: %s"
              .formatted(tokenizerJson, e.getMessage()),
          e);
    }
  }

  @Override
  public Tokens encode(String text) {
    long[] ids = ids(text);
    if (ids.length <= maxLength) {
      return new Tokens(ids, ids.length);
    }
    long[] cut = Arrays.copyOf(ids, maxLength);
    System.arraycopy(
        ids, ids.length - specialSuffix, cut, maxLength - specialSuffix, specialSuffix);
    return new Tokens(cut, ids.length);
  }

  private long[] ids(String text) {
    requireOpen();
    long[] ids = ascii == null ? null : ascii.encode(text);
    return ids == null ? libraryIds(text) : ids;
  }

  private void requireOpen() {
    if (tokenizer.isReleased()) {
      throw new IllegalStateException("This tokenizer has been closed.");
    }
  }

  /** All ids of a text, as the library gives them, not cut: to compare with. */
  public long[] libraryIds(String text) {
    String valid = withoutLoneSurrogates(text);
    inUse.readLock().lock();
    try {
      requireOpen();
      long encoding = encode(valid, true);
      try {
        return LIBRARY.getTokenIds(encoding);
      } finally {
        LIBRARY.deleteEncoding(encoding);
      }
    } finally {
      inUse.readLock().unlock();
    }
  }

  private long encode(String valid, boolean specialTokens) {
    try {
      return LIBRARY.encode(tokenizer.getHandle(), valid, specialTokens);
    } catch (RuntimeException e) {
      throw new IllegalStateException(
          "The tokenizer failed on a text of %d characters: %s"
              .formatted(valid.length(), e.getMessage()),
          e);
    }
  }

  @Override
  public TokenSpans spans(String text) {
    CharSpan[] spans = charSpans(withoutLoneSurrogates(text));
    // The library counts code points; of text without surrogates these are chars.
    int[] chars =
        text.codePoints().anyMatch(Character::isSupplementaryCodePoint) ? chars(text) : null;
    int[] starts = new int[spans.length];
    int[] ends = new int[spans.length];
    int last = 0;
    for (int i = 0; i < spans.length; i++) {
      // No span, or one before its predecessor's, is that of a token without characters.
      CharSpan span = spans[i];
      int start = span == null ? last : chars == null ? span.getStart() : chars[span.getStart()];
      int end = span == null ? last : chars == null ? span.getEnd() : chars[span.getEnd()];
      starts[i] = i == 0 ? start : Math.max(starts[i - 1], start);
      ends[i] = Math.max(starts[i], end);
      last = ends[i];
    }
    return new TokenSpans(starts, ends);
  }

  private CharSpan[] charSpans(String valid) {
    inUse.readLock().lock();
    try {
      requireOpen();
      long encoding = encode(valid, false);
      try {
        return LIBRARY.getTokenCharSpans(encoding);
      } finally {
        LIBRARY.deleteEncoding(encoding);
      }
    } finally {
      inUse.readLock().unlock();
    }
  }

  /** For each code point the char it begins at, and the length of the text behind them. */
  private static int[] chars(String text) {
    int[] chars = new int[text.codePointCount(0, text.length()) + 1];
    int at = 0;
    for (int i = 0; i < chars.length - 1; i++) {
      chars[i] = at;
      at += Character.charCount(text.codePointAt(at));
    }
    chars[chars.length - 1] = at;
    return chars;
  }

  private long[] specialTokenMaskOfProbe() {
    long encoding = encode("a", true);
    try {
      return LIBRARY.getSpecialTokenMask(encoding);
    } finally {
      LIBRARY.deleteEncoding(encoding);
    }
  }

  /** The Rust side wants valid Unicode, which a Java string need not be. */
  private static String withoutLoneSurrogates(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isHighSurrogate(c)
          && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        i++;
      } else if (Character.isSurrogate(c)) {
        return replaceLoneSurrogates(text, i);
      }
    }
    return text;
  }

  private static String replaceLoneSurrogates(String text, int from) {
    StringBuilder fixed = new StringBuilder(text.length()).append(text, 0, from);
    text.substring(from)
        .codePoints()
        .map(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE ? 0xFFFD : c)
        .forEach(fixed::appendCodePoint);
    return fixed.toString();
  }

  @Override
  public int maxLength() {
    return maxLength;
  }

  @Override
  public int specialPrefix() {
    return specialPrefix;
  }

  @Override
  public int specialSuffix() {
    return specialSuffix;
  }

  @Override
  public long unknownId() {
    return unknownId;
  }

  /** Waits for running texts, then frees the native tokenizer. Does nothing the second time. */
  @Override
  public void close() {
    inUse.writeLock().lock();
    try {
      tokenizer.close();
    } finally {
      inUse.writeLock().unlock();
    }
  }
}
