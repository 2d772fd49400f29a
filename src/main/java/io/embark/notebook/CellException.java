package io.embark.notebook;

import java.util.List;

/** A cell did not compile, or what it did threw an exception. */
final class CellException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final transient List<String> lines;

  /**
   * @param lines what the reader of the notebook is to see
   */
  CellException(String message, List<String> lines) {
    super(message.lines().findFirst().orElse(message));
    this.lines = List.copyOf(lines);
  }

  List<String> lines() {
    return lines;
  }
}
