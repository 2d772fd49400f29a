package io.embark.input;

import java.util.List;
import java.util.Locale;

/**
 * The columns of an input that a run reads.
 *
 * @param text the column of texts, or a field of it such as {@code body.text}; null if none is
 *     needed
 * @param id the column that tells rows apart; null if none is needed
 * @param only the others that are read; empty for all
 */
public record InputColumns(String text, String id, List<String> only) {

  /** All columns, with a column of texts among them. */
  public static InputColumns all(String text) {
    return new InputColumns(text, null, List.of());
  }

  /** Whether the run reads a column. */
  public boolean includes(String column) {
    return only.isEmpty()
        || needs(column)
        || only.stream().anyMatch(name -> name.equalsIgnoreCase(column));
  }

  /** Whether no row may be without a column. */
  boolean needs(String column) {
    return is(id, column) || is(text, column);
  }

  private static boolean is(String named, String column) {
    return named != null
        && (column.equalsIgnoreCase(named)
            || named.toLowerCase(Locale.ROOT).startsWith(column.toLowerCase(Locale.ROOT) + "."));
  }
}
