package io.embark.text;

import io.embark.text.Segment.Cut;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;

/** The chunks of one document, a segment of it at a time. Positions are chars of the document. */
final class ChunksOfDocument implements Iterator<Chunk> {
  private final Chunker chunker;
  private final String document;
  private Segment segment;
  private int index;

  /** The beginning of the next chunk. */
  private int start;

  /** The beginning of the text that no chunk holds yet. */
  private int uncovered;

  /** A position, and how many code points lie before it. */
  private int counted;

  private int codePoints;

  ChunksOfDocument(Chunker chunker, String document) {
    this.chunker = chunker;
    this.document = document;
  }

  @Override
  public boolean hasNext() {
    return index == 0 || uncovered < document.length();
  }

  @Override
  public Chunk next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    if (index == 0) {
      segment = chunker.segment(document, 0);
      start = Spaces.skip(document, 0);
      uncovered = start;
      boolean blank = start == document.length();
      if (blank || isOneChunk()) {
        uncovered = document.length();
        // Of spaces without end, none are kept.
        return chunk(0, segment.atEnd() ? document.length() : 0);
      }
    }
    lookAhead();
    int end = end();
    int from = start;
    int to = Spaces.skipBack(document, end);
    uncovered = Spaces.skip(document, end);
    start = nextStart(from, to);
    return chunk(from, to);
  }

  /** Whether the whole document fits, with the white space around it. */
  private boolean isOneChunk() {
    // Tokens of the document with a prompt may be a few less than those counted here.
    int near = chunker.textTokens() + chunker.textTokens() / 4 + 8;
    return segment.atEnd() && segment.tokens().size() <= near && chunker.excess(document) <= 0;
  }

  /** This chunk, and a sentence of full length behind it, must be in sight. */
  private void lookAhead() {
    int seen = segment.tokens().size() - segment.tokenFrom(start);
    if (seen < 3 * chunker.textTokens() && !segment.atEnd() && segment.start() < start) {
      segment = chunker.segment(document, start);
    }
  }

  /** The end of this chunk; moves its start if nothing new would fit behind the overlap. */
  private int end() {
    for (int budget = chunker.textTokens(); budget > 0; ) {
      int end = endWithin(budget);
      if (end < 0 && start < uncovered) {
        start = uncovered;
        continue;
      }
      if (end < 0) {
        break;
      }
      int excess = chunker.excess(document.substring(start, Spaces.skipBack(document, end)));
      if (excess <= 0) {
        return end;
      }
      // Alone the text has more tokens than as a part of the document.
      budget -= excess;
    }
    start = uncovered;
    return document.offsetByCodePoints(start, 1);
  }

  /** The best place to end with at most so many tokens of the segment, or -1 for none. */
  private int endWithin(int budget) {
    int limit = segment.startOf(segment.tokenFrom(start) + budget);
    if (segment.atEnd() && limit == segment.end()) {
      return limit;
    }
    int sentence = segment.last(Cut.SENTENCE, true, uncovered, limit);
    if (sentence >= 0 && tokensOfSentence(sentence) <= chunker.textTokens()) {
      return sentence;
    }
    for (Cut cut : List.of(Cut.LINE, Cut.WORD, Cut.CHARACTER)) {
      int place = segment.last(cut, true, uncovered, limit);
      if (place >= 0) {
        return place;
      }
    }
    int character = segment.last(Cut.CHARACTER, false, uncovered, limit);
    return character >= 0 ? character : segment.last(Cut.CODE_POINT, false, uncovered, limit);
  }

  private int tokensOfSentence(int from) {
    int to = segment.first(Cut.SENTENCE, from + 1, segment.end() + 1);
    return segment.tokenFrom(to < 0 ? segment.end() : to) - segment.tokenFrom(from);
  }

  /** The beginning of the next chunk: some way back, at a sentence if one begins there. */
  private int nextStart(int from, int end) {
    if (chunker.overlap() == 0 || uncovered == document.length() || uncovered >= segment.end()) {
      return uncovered;
    }
    int overlap = chunker.overlap();
    if (segment.last(Cut.SENTENCE, true, uncovered - 1, uncovered) == uncovered) {
      // A sentence that fits is not cut to make room.
      int room = chunker.textTokens() - tokensOfSentence(uncovered);
      overlap = room < 0 ? overlap : Math.min(overlap, room);
    }
    int token = Math.max(segment.tokenFrom(uncovered) - overlap, segment.tokenFrom(from) + 1);
    int earliest = segment.startOf(token);
    if (segment.tokenFrom(earliest) < token) {
      // One of several tokens of a character, which is not cut.
      earliest++;
    }
    earliest = Math.max(earliest, from + 1);
    for (Cut cut : Cut.values()) {
      int place = segment.first(cut, earliest, end);
      if (place >= 0 && Spaces.skip(document, place) < end) {
        return Spaces.skip(document, place);
      }
    }
    return uncovered;
  }

  private Chunk chunk(int from, int to) {
    // Starts only grow, so that each code point is counted once or, in an overlap, twice.
    codePoints += document.codePointCount(counted, from);
    counted = from;
    int end = codePoints + document.codePointCount(from, to);
    return new Chunk(index++, document.substring(from, to), from, to, codePoints, end);
  }
}
