package io.embark.token;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.CharSpan;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.embark.UserError;
import io.embark.natives.NativeLibraries;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.LongFunction;
import java.util.stream.LongStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A Hugging Face {@code tokenizer.json}, run by the Rust library behind DJL. For BERT models {@link
 * BertWordPiece} does most of it; for others long texts come to the library in {@link LongTexts
 * pieces}.
 *
 * <p>Only ids cross into Java: the library's {@code Encoding} class would also copy token strings,
 * character spans and four more arrays per text. Truncation is done here, so that the length of the
 * whole text is known without building the overflow.
 */
public final class HfTokenizer implements Tokenizer {
  private static final TokenizersLibrary LIBRARY;

  private static final Logger LOG = LoggerFactory.getLogger(HfTokenizer.class);

  /** Texts that both ways through are compared on before the quick one is trusted. */
  private static final List<String> PROBES =
      List.of(
          "",
          "Hello, World! isn't unaffable (1,234.5%) @home #1 $2 ~x~ {a}",
          " \t a\r\nb\u0007c\u007fd  ",
          "\u201CNa\u00EFve caf\u00E9\u201D \u2014 don\u2019t [x] \u4E2D\u6587\u3002 e\u0301\u200B",
          "Zyzzyvas " + "x".repeat(100) + " " + "y".repeat(101) + " ##ing");

  static {
    // Before any DJL class loads: no call home, no download of a CUDA build of the tokenizer.
    System.setProperty("ai.djl.offline", "true");
    NativeLibraries.use();
    LIBRARY = TokenizersLibrary.LIB;
  }

  private final HuggingFaceTokenizer tokenizer;
  private final int maxLength;
  private final long unknownId;
  private final long largestId;

  /** Read: a text is being tokenised. Write: closing, for which the native side does not wait. */
  private final ReadWriteLock inUse = new ReentrantReadWriteLock();

  /** For BERT models; null for other models. */
  private final BertWordPiece bert;

  private final boolean givesTypes;
  private final Set<Long> special;
  private final long[] prefix;
  private final long[] suffix;

  private HfTokenizer(
      HuggingFaceTokenizer tokenizer,
      int maxLength,
      boolean specialTokens,
      TokenizerJson json,
      TokenizerConfig config,
      Path source) {
    this.tokenizer = tokenizer;
    this.maxLength = maxLength;
    this.largestId = json.largestId();
    this.unknownId = json.unknownId();
    long[] special = read("a", specialTokens, LIBRARY::getSpecialTokenMask);
    int before = 0;
    while (before < special.length && special[before] == 1) {
      before++;
    }
    int behind = 0;
    while (behind < special.length - before && special[special.length - 1 - behind] == 1) {
      behind++;
    }
    long[] probe = read("a", specialTokens, LIBRARY::getTokenIds);
    this.givesTypes =
        LongStream.of(read("a", specialTokens, LIBRARY::getTypeIds)).anyMatch(type -> type != 0);
    this.prefix = Arrays.copyOf(probe, before);
    this.suffix = Arrays.copyOfRange(probe, probe.length - behind, probe.length);
    this.special = config.specialIds(json, suffix);
    if (maxLength <= specialTokens()) {
      throw new UserError(
          "max-length is %d tokens, but the tokenizer %s alone adds %d special tokens; use at least %d."
              .formatted(maxLength, source, specialTokens(), specialTokens() + 1));
    }
    this.bert = bert(json);
  }

  /** Null as well if it is found to differ from the library. */
  private BertWordPiece bert(TokenizerJson json) {
    BertWordPiece found = BertWordPiece.of(json, this::idsOfText).orElse(null);
    for (String text : found == null ? List.<String>of() : PROBES) {
      Tokens.Builder ids = new Tokens.Builder(Integer.MAX_VALUE, text.length());
      found.encode(text, ids);
      if (!Arrays.equals(ids.build().ids(), idsOfText(text))) {
        LOG.warn("Every text is tokenised by the library: this class does not do it alike");
        return null;
      }
    }
    return found;
  }

  /** Opens a {@code tokenizer.json} that nothing contradicts; otherwise like the other. */
  public static HfTokenizer open(Path tokenizerJson, int maxLength) throws IOException {
    return open(TokenizerFiles.of(tokenizerJson), maxLength);
  }

  /**
   * Opens a tokenizer. Lengths of truncation and padding set in the file are ignored.
   *
   * @param maxLength the most tokens per text, special tokens included
   * @throws IOException if the file cannot be read
   * @throws UserError if it is not a tokenizer, leaves no room for text, or is contradicted in a
   *     way that cannot be mended
   */
  public static HfTokenizer open(TokenizerFiles files, int maxLength) throws IOException {
    return open(files, maxLength, true);
  }

  /** Without the tokens that the file puts around every text, as static models want it. */
  public static HfTokenizer withoutSpecialTokens(Path tokenizerJson, int maxLength)
      throws IOException {
    return open(TokenizerFiles.of(tokenizerJson), maxLength, false);
  }

  private static HfTokenizer open(TokenizerFiles files, int maxLength, boolean specialTokens)
      throws IOException {
    Path file = files.tokenizerJson();
    if (!Files.isReadable(file)) {
      throw new IOException("No readable tokenizer file at " + file + ".");
    }
    files.requireCutAtTheEnd();
    Optional<ObjectNode> changes = files.changed();
    HuggingFaceTokenizer tokenizer = library(file, changes);
    try {
      TokenizerJson json =
          changes.isPresent() ? TokenizerJson.read(file, changes.get()) : TokenizerJson.read(file);
      HfTokenizer opened =
          new HfTokenizer(tokenizer, maxLength, specialTokens, json, files.config(), file);
      files.config().requireSpecialTokens(opened.specialPrefix(), opened.specialSuffix());
      files.config().requireAround(file, json, opened.prefix, opened.suffix);
      return opened;
    } catch (IOException | UserError e) {
      tokenizer.close();
      throw e;
    } catch (RuntimeException e) {
      tokenizer.close();
      throw new UserError(
          "%s is read, but cannot tokenise the letter a: %s".formatted(file, e.getMessage()), e);
    }
  }

  private static HuggingFaceTokenizer library(Path file, Optional<ObjectNode> changes)
      throws IOException {
    Map<String, String> options = Map.of("truncation", "DO_NOT_TRUNCATE", "padding", "DO_NOT_PAD");
    try {
      return changes.isEmpty()
          ? HuggingFaceTokenizer.newInstance(file, options)
          : HuggingFaceTokenizer.newInstance(
              new ByteArrayInputStream(TokenizerJson.with(file, changes.get())), options);
    } catch (RuntimeException e) {
      throw new UserError(
          "%s is not a Hugging Face tokenizer.json that can be read: %s"
              .formatted(file, e.getMessage()),
          e);
    }
  }

  @Override
  public Tokens encode(String text) {
    requireOpen();
    Tokens.Builder ids = new Tokens.Builder(maxLength - suffix.length, text.length() / 3 + 8);
    ids.addAll(prefix);
    if (bert == null) {
      LongTexts.pieces(text, piece -> ids.addAll(idsOfText(piece)));
    } else {
      bert.encode(text, ids);
    }
    return ids.build(suffix);
  }

  private void requireOpen() {
    if (tokenizer.isReleased()) {
      throw new IllegalStateException("This tokenizer has been closed.");
    }
  }

  /** All ids of a text, as the library gives them, not cut: to compare with. */
  public long[] libraryIds(String text) {
    return read(text, true, LIBRARY::getTokenIds);
  }

  private long[] idsOfText(String text) {
    return read(text, false, LIBRARY::getTokenIds);
  }

  /** Has the library encode a text, and gives the handle of the encoding to a reader. */
  private <T> T read(String text, boolean specialTokens, LongFunction<T> read) {
    String valid = withoutLoneSurrogates(text);
    inUse.readLock().lock();
    try {
      requireOpen();
      long encoding = encode(valid, specialTokens);
      try {
        return read.apply(encoding);
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
    CharSpan[] spans = read(text, false, LIBRARY::getTokenCharSpans);
    // The library counts code points.
    int[] chars = chars(text);
    int[] starts = new int[spans.length];
    int[] ends = new int[spans.length];
    int last = 0;
    for (int i = 0; i < spans.length; i++) {
      // No span, or one before its predecessor's, is that of a token without characters.
      CharSpan span = spans[i];
      int start = span == null ? last : chars[span.getStart()];
      int end = span == null ? last : chars[span.getEnd()];
      starts[i] = i == 0 ? start : Math.max(starts[i - 1], start);
      ends[i] = Math.max(starts[i], end);
      last = ends[i];
    }
    return new TokenSpans(starts, ends);
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

  /** The Rust side wants valid Unicode, which a Java string need not be. */
  private static String withoutLoneSurrogates(String text) {
    int i = 0;
    while (i < text.length()) {
      int codePoint = text.codePointAt(i);
      if (isSurrogate(codePoint)) {
        StringBuilder fixed = new StringBuilder(text.length());
        text.codePoints().map(c -> isSurrogate(c) ? 0xFFFD : c).forEach(fixed::appendCodePoint);
        return fixed.toString();
      }
      i += Character.charCount(codePoint);
    }
    return text;
  }

  private static boolean isSurrogate(int codePoint) {
    return codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE;
  }

  @Override
  public int maxLength() {
    return maxLength;
  }

  @Override
  public int specialPrefix() {
    return prefix.length;
  }

  @Override
  public int specialSuffix() {
    return suffix.length;
  }

  @Override
  public boolean isSpecial(long id) {
    return special.contains(id);
  }

  @Override
  public long unknownId() {
    return unknownId;
  }

  /** The largest token id that a text can get; -1 if the file tells none. */
  public long largestId() {
    return largestId;
  }

  /** Whether the file gives tokens of a single text a type other than 0. */
  public boolean givesTypes() {
    return givesTypes;
  }

  /** Waits for running texts. Does nothing the second time. */
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
