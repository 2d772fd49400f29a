package io.embark.token;

import java.util.Arrays;

/**
 * The places of the tokens of a text in it, special tokens not among them. Offsets count chars of
 * the Java string. A token that stands for no characters of its own begins and ends where the one
 * before it ends.
 *
 * @param starts first char of each token; never decreasing
 * @param ends one past the last char of each token
 */
public record TokenSpans(int[] starts, int[] ends) {
  public int size() {
    return starts.length;
  }

  /** The first token that begins at or behind a char; {@link #size()} if there is none. */
  public int firstFrom(int position) {
    int found = Arrays.binarySearch(starts, position);
    if (found < 0) {
      return -found - 1;
    }
    while (found > 0 && starts[found - 1] == position) {
      found--;
    }
    return found;
  }
}
