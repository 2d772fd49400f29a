package io.embark.text;

import io.embark.token.TokenSpans;
import io.embark.token.Tokenizer;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.Map;

/**
 * A stretch of a document that is tokenised as one, of bounded length: a document of any length is
 * looked at through a few of these. Positions are chars of the whole document.
 */
final class Segment {
  private final int start;
  private final int end;
  private final boolean atEnd;
  private final String text;
  private final TokenSpans tokens;

  /** Positions, counted from {@code start}, with a part of one token on either side. */
  private final BitSet insideTokens;

  private final Map<Cut, BitSet> cuts = new EnumMap<>(Cut.class);

  private Segment(String text, int start, boolean atEnd, TokenSpans tokens) {
    this.text = text;
    this.start = start;
    this.end = start + text.length();
    this.atEnd = atEnd;
    this.tokens = tokens;
    this.insideTokens = insideTokens(text, tokens);
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
    return new Segment(text, start, end == document.length(), tokenizer.spans(text));
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

  int start() {
    return start;
  }

  int end() {
    return end;
  }

  /** Whether this is the document's last one. */
  boolean atEnd() {
    return atEnd;
  }

  int tokens() {
    return tokens.size();
  }

  /** The first token at or behind a position. */
  int tokenFrom(int position) {
    return tokens.firstFrom(position - start);
  }

  /** Where a token begins; the end for the one behind the last. */
  int startOf(int token) {
    return token < tokens.size() ? start + tokens.starts()[token] : end;
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
          BitSet places = c.in(text);
          if (!atEnd && c != Cut.CODE_POINT) {
            // Here the segment ends, who knows what else.
            places.clear(text.length());
          }
          if (c != Cut.CHARACTER && c != Cut.CODE_POINT) {
            places.and(places(Cut.CHARACTER));
          }
          return places;
        });
  }
}
