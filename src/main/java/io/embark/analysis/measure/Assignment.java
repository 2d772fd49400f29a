package io.embark.analysis.measure;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Gives each row of a table a column of its own, or each column a row where columns are fewer, so
 * that the sum of the cells is the greatest.
 *
 * <p>By shortest augmenting paths: Jonker and Volgenant (1987), "A shortest augmenting path
 * algorithm for dense and sparse linear assignment problems", rectangular as in Crouse (2016), "On
 * implementing 2D rectangular assignment algorithms". With m the shorter side and n the longer, it
 * takes m * m * n steps at most. Whole numbers, so that nothing is rounded.
 */
final class Assignment {
  private static final int NONE = -1;

  /** {@code [m][n]}, m at most n. */
  private final long[][] table;

  /** Prices of rows and columns: no cell is worth more than both, those assigned just as much. */
  private final long[] rowPrice;

  private final long[] columnPrice;
  private final int[] columnOf;
  private final int[] rowOf;

  /** For each column, how much is lost on the best path to it, and its row before it. */
  private final long[] loss;

  private final int[] before;

  private Assignment(long[][] table) {
    int rows = table.length;
    int columns = rows == 0 ? 0 : table[0].length;
    this.table = table;
    rowPrice = new long[rows];
    columnPrice = new long[columns];
    columnOf = new int[rows];
    rowOf = new int[columns];
    Arrays.fill(columnOf, NONE);
    Arrays.fill(rowOf, NONE);
    loss = new long[columns];
    before = new int[columns];
  }

  /** The greatest sum of a table {@code [rows][columns]}, which is not changed. */
  static long most(long[][] table) {
    int columns = table.length == 0 ? 0 : table[0].length;
    Assignment assignment = new Assignment(table.length <= columns ? table : transposed(table));
    long sum = 0;
    IntStream.range(0, assignment.table.length).forEach(assignment::add);
    for (int row = 0; row < assignment.table.length; row++) {
      sum += assignment.table[row][assignment.columnOf[row]];
    }
    return sum;
  }

  private static long[][] transposed(long[][] table) {
    long[][] turned = new long[table[0].length][table.length];
    for (int i = 0; i < table.length; i++) {
      for (int j = 0; j < turned.length; j++) {
        turned[j][i] = table[i][j];
      }
    }
    return turned;
  }

  /** Assigns one more row, moving others along the path on which the least is lost. */
  private void add(int row) {
    Arrays.fill(loss, Long.MAX_VALUE);
    // Columns not reached yet come first.
    int[] open = IntStream.range(0, loss.length).toArray();
    int left = open.length;
    long least = 0;
    int from = row;
    int end = NONE;
    while (end == NONE) {
      int next = 0;
      for (int o = 0; o < left; o++) {
        int column = open[o];
        long lost = least + rowPrice[from] + columnPrice[column] - table[from][column];
        if (lost < loss[column]) {
          loss[column] = lost;
          before[column] = from;
        }
        // Of equals one that is free, for it ends the path.
        long gain = loss[open[next]] - loss[column];
        if (gain > 0 || gain == 0 && rowOf[column] == NONE) {
          next = o;
        }
      }
      int reached = open[next];
      open[next] = open[--left];
      open[left] = reached;
      least = loss[reached];
      from = rowOf[reached];
      end = from == NONE ? reached : NONE;
    }
    rowPrice[row] -= least;
    for (int o = left; o < open.length; o++) {
      int column = open[o];
      if (column != end) {
        rowPrice[rowOf[column]] -= least - loss[column];
        columnPrice[column] += least - loss[column];
      }
    }
    while (end != NONE) {
      int taking = before[end];
      int given = columnOf[taking];
      rowOf[end] = taking;
      columnOf[taking] = end;
      end = taking == row ? NONE : given;
    }
  }
}
