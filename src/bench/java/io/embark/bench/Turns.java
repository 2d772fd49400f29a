package io.embark.bench;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Several ways of doing the same work, measured in turns after one that is not counted. The order
 * changes from turn to turn, and ways are compared within a turn, for a machine's speed drifts.
 */
final class Turns {
  /** What is measured. */
  interface Work {
    void run() throws Exception;
  }

  /** What is measured, and tells the seconds itself. */
  interface Timed {
    double seconds() throws Exception;
  }

  private record Way(String name, Timed work, double[] seconds) {}

  private final int turns;
  private final List<Way> ways = new ArrayList<>();

  /**
   * @param turns how many are counted, at least one
   */
  Turns(int turns) {
    this.turns = turns;
  }

  /** Adds a way; the first one is what the others are compared with. */
  Turns way(String name, Work work) {
    return timed(
        name,
        () -> {
          long start = System.nanoTime();
          work.run();
          return (System.nanoTime() - start) / 1e9;
        });
  }

  /** Adds a way of which not all of the time counts. */
  Turns timed(String name, Timed work) {
    ways.add(new Way(name, work, new double[turns]));
    return this;
  }

  /** Measures. */
  Turns run() throws Exception {
    for (int turn = -1; turn < turns; turn++) {
      for (int i = 0; i < ways.size(); i++) {
        Way way = ways.get((i + turn + 1) % ways.size());
        // Nobody is to pay for the garbage of the one before.
        System.gc();
        double seconds = way.work().seconds();
        if (turn >= 0) {
          way.seconds()[turn] = seconds;
        }
      }
    }
    return this;
  }

  /** Of the ways, in the order in which they were added. */
  List<String> names() {
    return ways.stream().map(Way::name).toList();
  }

  /** Seconds of each turn. */
  Repeats seconds(int way) {
    return new Repeats(ways.get(way).seconds());
  }

  /** How many times as fast as another way, turn by turn. */
  Repeats faster(int way, int than) {
    double[] ratios = new double[turns];
    for (int i = 0; i < turns; i++) {
      ratios[i] = ways.get(than).seconds()[i] / ways.get(way).seconds()[i];
    }
    return new Repeats(ratios);
  }

  /**
   * A line for each way.
   *
   * @param unit what is done per second
   * @param amount how much of it every way does
   */
  void print(PrintWriter out, String unit, double amount) {
    out.printf("  %-46s %12s %22s %9s %17s%n", "", unit, "(least .. most)", "Relative", "");
    for (int i = 0; i < ways.size(); i++) {
      Repeats seconds = seconds(i);
      out.printf(
          Locale.ROOT,
          "  %-46s %,12.0f %22s %9s%n",
          ways.get(i).name(),
          amount / seconds.median(),
          String.format(
              Locale.ROOT, "(%,.0f .. %,.0f)", amount / seconds.most(), amount / seconds.least()),
          inWords(faster(i, 0)));
    }
    out.flush();
  }

  /** Median and range of ratios. */
  static String inWords(Repeats ratios) {
    return String.format(
        Locale.ROOT, "%.2fX (%.2f .. %.2f)", ratios.median(), ratios.least(), ratios.most());
  }
}
