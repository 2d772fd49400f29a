package io.embark.embed;

import io.embark.UserError;

/**
 * The cores of this JVM on which batches run. A stream or {@link Embedder#embedAll} has one until
 * it ends. Those that nobody has are lent, batch by batch, so that a partition left over leaves
 * none idle.
 */
public final class Cores {
  static final Cores OF_THIS_JVM = new Cores(Runtime.getRuntime().availableProcessors());

  /** Batches at the same time. */
  private int most;

  private int used;

  Cores(int most) {
    this.most = most;
  }

  /** Sets how many of this JVM's cores are for batches, at least 1; before, all are. */
  public static void limit(int most) {
    if (most < 1) {
      throw new UserError("cores: found %d, wanted 1 or more.".formatted(most));
    }
    synchronized (OF_THIS_JVM) {
      OF_THIS_JVM.most = most;
    }
  }

  /** Takes one to begin with: whether one is free is for whoever starts streams to know. */
  synchronized void take() {
    used++;
  }

  synchronized boolean borrow() {
    if (used >= most) {
      return false;
    }
    used++;
    return true;
  }

  /** Gives a borrowed one back if somebody has come for whom there was none. */
  synchronized boolean giveBackIfWanted() {
    if (used <= most) {
      return false;
    }
    used--;
    return true;
  }

  synchronized void giveBack() {
    used--;
  }
}
