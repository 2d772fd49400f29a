package io.embark.text;

import io.embark.token.Tokenizer;
import io.embark.token.Tokenizer.TokenSpans;
import java.text.BreakIterator;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A stretch of a document that is tokenised as one, of bounded length: a document of any length is
 * looked at through a few of these. Positions are chars of the whole document.
 *
 * @param atEnd whether this is the document's last segment
 * @param insideTokens positions, counted from {@code start}, with a part of one token on either
 *     side
 * @param cuts places to cut, counted from {@code start}, found when they are asked for
 */
record Segment(
    String text,
    int start,
    boolean atEnd,
    TokenSpans tokens,
    BitSet insideTokens,
    Map<Cut, BitSet> cuts) {

  /**
   * A kind of place to cut a text, from the best to the worst that still leaves characters whole.
   */
  enum Cut {
    /** Between sentences. */
    SENTENCE(text -> boundaries(BreakIterator.getSentenceInstance(Locale.ROOT), text)),
    /** Between words where a line may be broken, which keeps punctuation with its word. */
    LINE(text -> boundaries(BreakIterator.getLineInstance(Locale.ROOT), text)),
    /** Between words. */
    WORD(text -> boundaries(BreakIterator.getWordInstance(Locale.ROOT), text)),
    /**
     * Between what a reader takes for characters: extended grapheme clusters, such as an emoji of
     * several code points or a letter with its accents. The JDK's BreakIterator would part some.
     */
    CHARACTER(starts("\\X")),
    /** Between code points: a cluster may be longer than any window. */
    CODE_POINT(starts("."));

    /** Every place of this kind in a text, its beginning and end among them. */
    private final Function<String, BitSet> places;

    Cut(Function<String, BitSet> places) {
      this.places = places;
    }

    private static BitSet boundaries(BreakIterator breaks, String text) {
      BitSet found = new BitSet(text.length() + 1);
      breaks.setText(text);
      for (int at = breaks.first(); at != BreakIterator.DONE; at = breaks.next()) {
        found.set(at);
      }
      return found;
    }

    /** Where matches begin that follow each other through the whole text, and its end. */
    private static Function<String, BitSet> starts(String regex) {
      Pattern pattern = Pattern.compile(regex, Pattern.DOTALL);
      return text -> {
        BitSet found = new BitSet(text.length() + 1);
        Matcher matches = pattern.matcher(text);
        while (matches.find()) {
          found.set(matches.start());
        }
        found.set(text.length());
        return found;
      };
    }
  }

  /**
   * The segment from a position.
   *
   * @param maxChars the most chars; where more follow it ends behind white space, if there is any
   */
  static Segment at(Tokenizer tokenizer, String document, int start, int maxChars) {
    int end = document.length();
    if (end - start > maxChars) {
      end = start + maxChars;
      int space = end;
      while (space > start + maxChars / 2 && !Spaces.isSpace(document.charAt(space - 1))) {
        space--;
      }
      if (space > start + maxChars / 2) {
        end = space;
      } else if (Character.isSurrogatePair(document.charAt(end - 1), document.charAt(end))) {
        end--;
      }
    }
    String text = document.substring(start, end);
    TokenSpans tokens = tokenizer.spans(text);
    return new Segment(
        text,
        start,
        end == document.length(),
        tokens,
        insideTokens(text, tokens),
        new EnumMap<>(Cut.class));
  }

  /** Some tokenizers count the space before a word to its token; it may be cut off all the same. */
  private static BitSet insideTokens(String text, TokenSpans tokens) {
    BitSet inside = new BitSet(text.length());
    for (int i = 0; i < tokens.size(); i++) {
      int from = Spaces.skip(text, tokens.starts()[i]);
      int to = Spaces.skipBack(text, tokens.ends()[i]);
      if (to > from + 1) {
        inside.set(from + 1, to);
      }
    }
    return inside;
  }

  int end() {
    return start + text.length();
  }

  /** The first token at or behind a position. */
  int tokenFrom(int position) {
    return tokens.firstFrom(position - start);
  }

  /** The beginning of a token; the end of the segment for the one behind the last. */
  int startOf(int token) {
    return token < tokens.size() ? start + tokens.starts()[token] : end();
  }

  /** The last place to cut at or before {@code limit} and behind {@code floor}, or -1. */
  int last(Cut cut, boolean betweenTokens, int floor, int limit) {
    BitSet places = places(cut);
    for (int at = places.previousSetBit(limit - start);
        at > floor - start;
        at = places.previousSetBit(at - 1)) {
      if (!betweenTokens || !insideTokens.get(at)) {
        return start + at;
      }
    }
    return -1;
  }

  /** The first place between tokens to cut at or behind {@code from} and before {@code before}. */
  int first(Cut cut, int from, int before) {
    BitSet places = places(cut);
    for (int at = places.nextSetBit(from - start);
        at >= 0 && at < before - start;
        at = places.nextSetBit(at + 1)) {
      if (!insideTokens.get(at)) {
        return start + at;
      }
    }
    return -1;
  }

  private BitSet places(Cut cut) {
    return cuts.computeIfAbsent(
        cut,
        c -> {
          BitSet places = c.places.apply(text);
          if (!atEnd && c != Cut.CODE_POINT) {
            // It is the end of the segment, but of no sentence or word that is known.
            places.clear(text.length());
          }
          if (c != Cut.CHARACTER && c != Cut.CODE_POINT) {
            places.and(places(Cut.CHARACTER));
          }
          return places;
        });
  }
}
