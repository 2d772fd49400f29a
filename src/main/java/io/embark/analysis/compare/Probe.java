package io.embark.analysis.compare;

import java.io.Serializable;
import org.apache.spark.ml.linalg.Matrix;
import org.apache.spark.ml.linalg.Vector;

/**
 * A fitted linear classifier.
 *
 * @param coefficients a row for each label
 * @param intercepts one for each label
 */
record Probe(Matrix coefficients, Vector intercepts) implements Serializable {

  /** The likeliest label; of equally likely ones the first. */
  int label(Vector vector) {
    double[] margins = coefficients.multiply(vector).values();
    int best = 0;
    for (int label = 0; label < margins.length; label++) {
      margins[label] += intercepts.apply(label);
      if (margins[label] > margins[best]) {
        best = label;
      }
    }
    return best;
  }
}
