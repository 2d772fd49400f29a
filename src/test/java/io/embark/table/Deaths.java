package io.embark.table;

import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** Lets runs of this JVM die at a step of locking or publishing. */
public final class Deaths {
  /** The end of a run, which no code of the product catches. */
  public static final class Died extends Error {
    private static final long serialVersionUID = 1;

    Died(String step) {
      super("died after " + step);
    }
  }

  private Deaths() {}

  /** Has the next run die after a step, when that was done so often. */
  static void after(Step step, int times, Runnable death) {
    Step.watch(
        new Consumer<>() {
          private int left = times;

          @Override
          public synchronized void accept(Step done) {
            if (done == step && --left == 0) {
              death.run();
              throw new Died(step + " no. " + times);
            }
          }
        });
  }

  /** Has the next run die after a step, by its name. */
  public static void after(String step, int times, Runnable death) {
    after(Step.valueOf(step), times, death);
  }

  /** Every step, by its name. */
  public static List<String> steps() {
    return Stream.of(Step.values()).map(Step::name).toList();
  }

  public static void none() {
    Step.watch(step -> {});
    MortalDisk.revive();
  }
}
