package io.embark.analysis.compare;

import java.io.Serializable;

/**
 * One of the vectors that a forward pass gives for each text: a pooling over a choice of layers.
 *
 * @param name such as {@code mean} or {@code cls_minus2}
 */
public record Candidate(String name, int dimension) implements Serializable {

  /** The column of its vectors in a table of texts. */
  String column() {
    return column("v");
  }

  /** The column of its vectors of one side ({@code a}, {@code b}) of a table of pairs. */
  String column(String side) {
    return side + "_" + name;
  }
}
