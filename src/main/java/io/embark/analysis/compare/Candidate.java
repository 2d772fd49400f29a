package io.embark.analysis.compare;

import java.io.Serializable;

/**
 * One of the vectors that a forward pass gives for each text: a pooling over a choice of layers.
 *
 * @param name of the vector, such as {@code mean} or {@code cls_minus2}
 * @param dimension how many values it has
 */
public record Candidate(String name, int dimension) implements Serializable {

  /** The column of its vectors in a table of texts. */
  public String column() {
    return column("v");
  }

  /** The column of its vectors of one side ({@code a}, {@code b}) of a table of pairs. */
  public String column(String side) {
    return side + "_" + name;
  }
}
