package io.embark.token;

import java.util.Arrays;

/**
 * One tokenised text, special tokens included.
 *
 * @param ids cut to the maximum length
 * @param total tokens of the whole text
 */
public record Tokens(long[] ids, int total) {
  public int used() {
    return ids.length;
  }

  public boolean truncated() {
    return total > ids.length;
  }

  /** Token ids as they are found: the first ones are kept, all are counted. */
  static final class Builder {
    private final int most;
    private long[] ids;
    private int count;

    /**
     * @param most how many to keep
     * @param expected how many there may be; more are taken all the same
     */
    Builder(int most, int expected) {
      this.most = most;
      this.ids = new long[Math.min(most, expected)];
    }

    void add(long id) {
      if (count < most) {
        if (count == ids.length) {
          ids = Arrays.copyOf(ids, (int) Math.min(most, 2L * count + 8));
        }
        ids[count] = id;
      }
      count++;
    }

    void addAll(long[] more) {
      for (long id : more) {
        add(id);
      }
    }

    /** Takes back what was added after there were so many. */
    void backTo(int earlier) {
      count = earlier;
    }

    int count() {
      return count;
    }

    /** The ids that were kept, and behind them those of every text. */
    Tokens build(long... suffix) {
      int kept = Math.min(count, most);
      long[] all = Arrays.copyOf(ids, kept + suffix.length);
      System.arraycopy(suffix, 0, all, kept, suffix.length);
      return new Tokens(all, count + suffix.length);
    }
  }
}
