package io.embark.token;

/**
 * One tokenised text.
 *
 * @param ids token ids {@code [used]}, special tokens included, cut to the maximum length
 * @param total tokens the whole text has, special tokens included; more than {@code used} when the
 *     text was truncated
 */
public record Tokens(long[] ids, int total) {

  /** Tokens that the model sees, special tokens included. */
  public int used() {
    return ids.length;
  }

  /** Whether the end of the text was cut off. */
  public boolean truncated() {
    return total > ids.length;
  }
}
