package io.embark.notebook;

/**
 * Where a cell's code leaves the value of its last expression: JShell itself gives only its text.
 */
public final class Results {
  private static volatile Object last;

  private Results() {}

  /** Called by code that the kernel adds to a cell. */
  public static void keep(Object value) {
    last = value;
  }

  static Object take() {
    Object value = last;
    last = null;
    return value;
  }
}
