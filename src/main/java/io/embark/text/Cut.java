package io.embark.text;

import java.text.BreakIterator;
import java.util.BitSet;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A kind of place to cut a text, from the best to the worst that still leaves characters whole. */
enum Cut {
  /** Between sentences. */
  SENTENCE {
    @Override
    BitSet in(String text) {
      return boundaries(BreakIterator.getSentenceInstance(Locale.ROOT), text);
    }
  },
  /** Between words where a line may be broken, which keeps punctuation with its word. */
  LINE {
    @Override
    BitSet in(String text) {
      return boundaries(BreakIterator.getLineInstance(Locale.ROOT), text);
    }
  },
  /** Between words. */
  WORD {
    @Override
    BitSet in(String text) {
      return boundaries(BreakIterator.getWordInstance(Locale.ROOT), text);
    }
  },
  /**
   * Between what a reader takes for characters: extended grapheme clusters, such as an emoji of
   * several code points or a letter with its accents. The JDK's BreakIterator would part some.
   */
  CHARACTER {
    @Override
    BitSet in(String text) {
      BitSet found = new BitSet(text.length() + 1);
      Matcher clusters = CLUSTER.matcher(text);
      while (clusters.find()) {
        found.set(clusters.start());
      }
      found.set(text.length());
      return found;
    }
  },
  /** Between code points: a cluster may be longer than any window. */
  CODE_POINT {
    @Override
    BitSet in(String text) {
      BitSet found = new BitSet(text.length() + 1);
      for (int at = 0; at < text.length(); at += Character.charCount(text.codePointAt(at))) {
        found.set(at);
      }
      found.set(text.length());
      return found;
    }
  };

  private static final Pattern CLUSTER = Pattern.compile("\\X", Pattern.DOTALL);

  /** Every place of this kind in a text, its beginning and end among them. */
  abstract BitSet in(String text);

  private static BitSet boundaries(BreakIterator breaks, String text) {
    BitSet found = new BitSet(text.length() + 1);
    breaks.setText(text);
    for (int at = breaks.first(); at != BreakIterator.DONE; at = breaks.next()) {
      found.set(at);
    }
    return found;
  }
}
