package io.embark.token;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/**
 * BERT's WordPiece for texts of ASCII alone, with the very ids that Hugging Face's library gives.
 * Where all characters are ASCII, what that library does to a text comes down to a table of 128
 * entries, and finding pieces to a walk through a trie; keeping the places of all characters
 * through every step, which it does whether asked to or not, costs it many times as much.
 *
 * <p>The steps, as in BERT's own {@code tokenization.py}: drop control characters, take tab and
 * line ends for spaces, lower the case, cut at spaces and around each punctuation character, and
 * take from each word the longest piece of the vocabulary again and again.
 */
final class AsciiWordPiece {
  private static final int ASCII = 128;

  /** Characters that are dropped. */
  private static final byte NOTHING = 0;

  /** Characters that may begin an added token, which the library looks for first. */
  private static final byte LEAVE = -1;

  private final byte[] normal;
  private final PieceTrie words;
  private final long unknown;
  private final int maxWord;
  private final long[] prefix;
  private final long[] suffix;

  private AsciiWordPiece(
      byte[] normal, PieceTrie words, long unknown, int maxWord, long[] prefix, long[] suffix) {
    this.normal = normal;
    this.words = words;
    this.unknown = unknown;
    this.maxWord = maxWord;
    this.prefix = prefix;
    this.suffix = suffix;
  }

  /**
   * @param prefix ids before every text
   * @param suffix ids behind every text
   * @return empty if the file asks for anything else
   */
  static Optional<AsciiWordPiece> of(TokenizerJson json, long[] prefix, long[] suffix) {
    String continuing = json.setting("model.continuing_subword_prefix");
    String longest = json.setting("model.max_input_chars_per_word");
    if (!"WordPiece".equals(json.setting("model.type"))
        || !"BertNormalizer".equals(json.setting("normalizer.type"))
        || !"true".equals(json.setting("normalizer.clean_text"))
        || !"BertPreTokenizer".equals(json.setting("pre_tokenizer.type"))
        || json.unknownId() == TokenizerJson.NONE
        || continuing == null
        || continuing.isEmpty()
        || longest == null) {
      return Optional.empty();
    }
    byte[] normal = normal("true".equals(json.setting("normalizer.lowercase")));
    for (String added : json.added().keySet()) {
      char first = added.isEmpty() ? ' ' : added.charAt(0);
      if (first < ASCII) {
        if (!isPunctuation((byte) first)) {
          // It might begin anywhere in any text.
          return Optional.empty();
        }
        normal[first] = LEAVE;
      }
    }
    return Optional.of(
        new AsciiWordPiece(
            normal,
            PieceTrie.of(json.vocabulary(), continuing),
            json.unknownId(),
            Integer.parseInt(longest),
            prefix,
            suffix));
  }

  private static byte[] normal(boolean lowercase) {
    byte[] normal = new byte[ASCII];
    for (int c = ' '; c < ASCII - 1; c++) {
      normal[c] = (byte) (lowercase && c >= 'A' && c <= 'Z' ? c + 'a' - 'A' : c);
    }
    for (char space : new char[] {'\t', '\n', '\r'}) {
      normal[space] = ' ';
    }
    return normal;
  }

  private static boolean isPunctuation(byte c) {
    return c > ' ' && !(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z');
  }

  /** All ids of a text, or null if it is none for this class. */
  long[] encode(String text) {
    byte[] chars = text.getBytes(StandardCharsets.ISO_8859_1);
    int length = 0;
    for (int i = 0; i < chars.length; i++) {
      // The encoder puts a question mark for what it lacks, so the text itself is asked.
      char c = text.charAt(i);
      byte to = c < ASCII ? normal[c] : LEAVE;
      if (to == LEAVE) {
        return null;
      }
      if (to != NOTHING) {
        chars[length++] = to;
      }
    }
    return pieces(chars, length);
  }

  private long[] pieces(byte[] chars, int length) {
    long[] ids = Arrays.copyOf(prefix, prefix.length + suffix.length + length / 3 + 8);
    int count = prefix.length;
    int at = 0;
    while (at < length) {
      if (chars[at] == ' ') {
        at++;
        continue;
      }
      int end = at + 1;
      if (!isPunctuation(chars[at])) {
        while (end < length && chars[end] != ' ' && !isPunctuation(chars[end])) {
          end++;
        }
      }
      // A word has at most as many pieces as characters.
      if (count + end - at + suffix.length > ids.length) {
        ids = Arrays.copyOf(ids, 2 * ids.length + end - at);
      }
      count = word(chars, at, end, ids, count);
      at = end;
    }
    System.arraycopy(suffix, 0, ids, count, suffix.length);
    return Arrays.copyOf(ids, count + suffix.length);
  }

  /** Adds the pieces of a word, or the unknown token if it is not made of any; gives the count. */
  private int word(byte[] chars, int from, int to, long[] ids, int count) {
    int next = count;
    int at = to - from > maxWord ? PieceTrie.NONE : from;
    while (at != PieceTrie.NONE && at < to) {
      int node = at == from ? PieceTrie.BEGIN : PieceTrie.CONTINUE;
      int longest = PieceTrie.NONE;
      for (int i = at; i < to; i++) {
        node = words.next(node, chars[i]);
        if (node == PieceTrie.NONE) {
          break;
        }
        if (words.id(node) != PieceTrie.NONE) {
          longest = i + 1;
          ids[next] = words.id(node);
        }
      }
      at = longest;
      next++;
    }
    if (at == PieceTrie.NONE) {
      ids[count] = unknown;
      return count + 1;
    }
    return next;
  }
}
