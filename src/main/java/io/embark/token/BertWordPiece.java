package io.embark.token;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/**
 * BERT's WordPiece with the very ids that Hugging Face's library gives, word by word: a word of
 * ASCII by a table of 128 entries and a walk through a trie, others by asking the library, as long
 * as that pays. To give it whole texts costs many times as much: it keeps the places of all
 * characters through every step, whether asked to or not.
 *
 * <p>The steps, as in BERT's own {@code tokenization.py}: drop control characters, take tab and
 * line ends for spaces, lower the case, cut at spaces and around each punctuation character and
 * each Chinese one, and take from each word the longest piece of the vocabulary again and again.
 * None of them looks across a cut, so words can be taken one at a time.
 */
final class BertWordPiece {
  private static final int ASCII = 128;

  /** Characters that are dropped. */
  private static final byte NOTHING = 0;

  /** Characters that may begin an added token, which the library looks for first. */
  private static final byte LEAVE = -1;

  /** The most chars of a word that is remembered, and the most words. */
  private static final int REMEMBERED_CHARS = 64;

  private static final int REMEMBERED_WORDS = 1 << 15;

  /** To ask the library once takes as long as it takes for so many more chars of a text. */
  private static final int CHARS_PER_QUESTION = 24;

  /** Questions about one text before it is judged by them. */
  private static final int QUESTIONS = 16;

  private final byte[] normal;
  private final PieceTrie words;
  private final long unknown;
  private final int maxWord;
  private final boolean chineseAlone;
  private final Function<String, long[]> library;

  /** Words that are not all ASCII, and their ids. */
  final Map<String, long[]> remembered = new ConcurrentHashMap<>();

  private BertWordPiece(
      TokenizerJson json, String continuing, byte[] normal, Function<String, long[]> library) {
    this.normal = normal;
    this.words = PieceTrie.of(json.vocabulary, continuing);
    this.unknown = json.unknownId();
    this.maxWord = Integer.parseInt(json.setting("model.max_input_chars_per_word"));
    this.chineseAlone = "true".equals(json.setting("normalizer.handle_chinese_chars"));
    this.library = library;
  }

  /**
   * @param library gives the ids of a text without special tokens; is asked by several threads
   * @return empty if the file asks for anything else
   */
  static Optional<BertWordPiece> of(TokenizerJson json, Function<String, long[]> library) {
    String continuing = json.setting("model.continuing_subword_prefix");
    if (!"WordPiece".equals(json.setting("model.type"))
        || !"BertNormalizer".equals(json.setting("normalizer.type"))
        || !"true".equals(json.setting("normalizer.clean_text"))
        || !"BertPreTokenizer".equals(json.setting("pre_tokenizer.type"))
        || json.unknownId() == TokenizerJson.NONE
        || continuing == null
        || continuing.isEmpty()
        || json.setting("model.max_input_chars_per_word") == null) {
      return Optional.empty();
    }
    byte[] normal = normal("true".equals(json.setting("normalizer.lowercase")));
    for (String added : json.added.keySet()) {
      // Others might begin anywhere in any text, the library lowering case and taking off accents
      // of them too, or reach over the end of a word.
      if (added.isEmpty()
          || !added.chars().allMatch(c -> c > ' ' && c < ASCII)
          || !isPunctuation(added.charAt(0))) {
        return Optional.empty();
      }
      normal[added.charAt(0)] = LEAVE;
    }
    return Optional.of(new BertWordPiece(json, continuing, normal, library));
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

  private static boolean isPunctuation(int c) {
    return c > ' ' && !(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z');
  }

  /** Adds the ids of a text, without special tokens. */
  void encode(String text, Tokens.Builder ids) {
    byte[] word = new byte[maxWord];
    int length = text.length();
    int questions = 0;
    int from = 0;
    while (from < length) {
      if (questions >= QUESTIONS && (long) questions * CHARS_PER_QUESTION > from) {
        // Words are new here, one after the other.
        askLibrary(text.substring(from), ids);
        return;
      }
      boolean ascii = true;
      boolean leave = false;
      int end = from;
      for (; end < length; end++) {
        char c = text.charAt(end);
        byte to = c < ASCII ? normal[c] : NOTHING;
        if (to == ' ') {
          break;
        }
        ascii &= c < ASCII;
        leave |= to == LEAVE;
      }
      if (leave) {
        questions += other(text.substring(from, end), ids);
      } else if (ascii) {
        ascii(text, from, end, word, ids);
      } else {
        questions += mixed(text, from, end, word, ids);
      }
      from = end + 1;
    }
  }

  /** Text without spaces that is not all ASCII; gives how often the library was asked. */
  private int mixed(String text, int from, int to, byte[] word, Tokens.Builder ids) {
    int begin = from;
    int questions = 0;
    boolean ascii = true;
    for (int i = from; i < to; i++) {
      char c = text.charAt(i);
      if (c < ASCII ? isPunctuation(normal[c]) : standsAlone(c)) {
        questions += run(text, begin, i, ascii, word, ids);
        questions += run(text, i, i + 1, c < ASCII, word, ids);
        begin = i + 1;
        ascii = true;
      } else {
        ascii &= c < ASCII;
      }
    }
    return questions + run(text, begin, to, ascii, word, ids);
  }

  private int run(String text, int from, int to, boolean ascii, byte[] word, Tokens.Builder ids) {
    if (!ascii) {
      return other(text.substring(from, to), ids);
    }
    ascii(text, from, to, word, ids);
    return 0;
  }

  /**
   * True for a character beyond ASCII that is a word of its own whatever it stands beside. Not for
   * all that are: of punctuation those alone that every version of Unicode has for punctuation.
   */
  private boolean standsAlone(char c) {
    if (c < '\u2010') {
      return c == '\u00A1' || c == '\u00AB' || c == '\u00BB' || c == '\u00BF';
    }
    return c <= '\u2027'
        || c >= '\u3001' && c <= '\u3003'
        || c == '\uFF01'
        || c == '\uFF0C'
        || c == '\uFF1A'
        || c == '\uFF1B'
        || c == '\uFF1F'
        || chineseAlone && (c >= '\u4E00' && c <= '\u9FFF' || c >= '\u3400' && c <= '\u4DBF');
  }

  /** Text without spaces, as it is remembered or as the library has it; counts as above. */
  private int other(String text, Tokens.Builder ids) {
    if (text.length() > REMEMBERED_CHARS) {
      askLibrary(text, ids);
      return 1;
    }
    long[] found = remembered.get(text);
    if (found != null) {
      ids.addAll(found);
      return 0;
    }
    found = library.apply(text);
    if (remembered.size() >= REMEMBERED_WORDS) {
      // Texts may be in another language by now.
      remembered.clear();
    }
    remembered.put(text, found);
    ids.addAll(found);
    return 1;
  }

  /** Of a text of any length. */
  private void askLibrary(String text, Tokens.Builder ids) {
    LongTexts.pieces(text, piece -> ids.addAll(library.apply(piece)));
  }

  /** ASCII without spaces. */
  private void ascii(String text, int from, int to, byte[] word, Tokens.Builder ids) {
    int length = 0;
    for (int i = from; i < to; i++) {
      byte c = normal[text.charAt(i)];
      if (c == NOTHING) {
        continue;
      }
      if (isPunctuation(c)) {
        word(word, length, ids);
        word[0] = c;
        word(word, 1, ids);
        length = 0;
      } else {
        if (length < maxWord) {
          word[length] = c;
        }
        length++;
      }
    }
    word(word, length, ids);
  }

  /** Adds the pieces of a word, or the unknown token if it is not made of any. */
  private void word(byte[] chars, int length, Tokens.Builder ids) {
    int before = ids.count();
    int at = length > maxWord ? PieceTrie.NONE : 0;
    while (at != PieceTrie.NONE && at < length) {
      int node = at == 0 ? PieceTrie.BEGIN : PieceTrie.CONTINUE;
      int longest = PieceTrie.NONE;
      int id = PieceTrie.NONE;
      for (int i = at; i < length; i++) {
        node = words.next(node, chars[i]);
        if (node == PieceTrie.NONE) {
          break;
        }
        if (words.id(node) != PieceTrie.NONE) {
          longest = i + 1;
          id = words.id(node);
        }
      }
      at = longest;
      if (at != PieceTrie.NONE) {
        ids.add(id);
      }
    }
    if (at == PieceTrie.NONE) {
      ids.backTo(before);
      ids.add(unknown);
    }
  }
}
