package io.embark.notebook;

/**
 * The value of a cell's last expression, left here by its code: JShell itself gives only its text.
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
