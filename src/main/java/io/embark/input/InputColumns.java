package io.embark.input;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/**
 * The columns of an input that a run reads.
 *
 * @param text the column of texts, or a field of it such as {@code body.text}; null if none is
 *     needed
 * @param id the column that tells rows apart; null if none is needed
 * @param also more columns of texts
 * @param only the others that are read; empty for all
 * @param canChoose whether the command has a flag for that
 */
public record InputColumns(
    String text, String id, Set<String> also, List<String> only, boolean canChoose) {

  /** All columns, with a column of texts among them. */
  public static InputColumns all(String text) {
    return new InputColumns(text, null, Set.of(), List.of(), false);
  }

  /** Whether the run reads a column. */
  public boolean includes(String column) {
    return only.isEmpty()
        || needs(column)
        || only.stream().anyMatch(name -> name.equalsIgnoreCase(column));
  }

  /** Whether no row may be without a column. */
  boolean needs(String column) {
    return named().stream().anyMatch(name -> is(name, column));
  }

  /** The columns of texts and ids, or fields of structs. */
  Set<String> named() {
    Set<String> names = new TreeSet<>(also);
    if (text != null) {
      names.add(text);
    }
    if (id != null) {
      names.add(id);
    }
    return names;
  }

  private static boolean is(String named, String column) {
    return column.equalsIgnoreCase(named)
        || named.toLowerCase(Locale.ROOT).startsWith(column.toLowerCase(Locale.ROOT) + ".");
  }
}
