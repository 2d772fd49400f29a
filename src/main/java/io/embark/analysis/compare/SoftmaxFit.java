package io.embark.analysis.compare;

import breeze.linalg.DenseVector;
import breeze.optimize.LBFGS;
import io.embark.analysis.compare.ProbeFits.Probe;
import java.util.Arrays;
import org.apache.spark.ml.linalg.DenseMatrix;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.linalg.Vectors;

/**
 * Fits MLlib's multinomial logistic regression to few rows, all in one task: the same problem,
 * start, optimiser and end. MLlib's own takes a job of Spark for each of its steps, which costs
 * more than the step.
 */
final class SoftmaxFit {
  /** Corrections that L-BFGS remembers, as in MLlib. */
  private static final int MEMORY = 10;

  private final double[] values;
  private final int[] labels;
  private final int dimension;
  private final int classes;
  private int rows;

  /**
   * @param capacity rows that will come
   */
  SoftmaxFit(int capacity, int dimension, int classes) {
    this.values = new double[capacity * dimension];
    this.labels = new int[capacity];
    this.dimension = dimension;
    this.classes = classes;
  }

  void add(Vector vector, int label) {
    System.arraycopy(vector.toArray(), 0, values, rows * dimension, dimension);
    labels[rows] = label;
    rows++;
  }

  /** Fits what was added, once. The penalty is C = 1. */
  Probe fit(int iterations, double tolerance) {
    double[] mean = new double[dimension];
    double[] scale = new double[dimension];
    standardise(mean, scale);
    SoftmaxLoss loss = new SoftmaxLoss(values, labels, dimension, classes, 1.0 / rows);
    LBFGS<DenseVector<Object>> optimiser =
        new LBFGS<>(iterations, MEMORY, tolerance, DenseVector.space_Double());
    DenseVector<Object> start = new DenseVector<>(start());
    return unscaled((double[]) optimiser.minimize(loss.forBreeze(), start).data(), mean, scale);
  }

  /** Mean 0 and variance 1 for each dimension; 0 for one that does not vary. */
  private void standardise(double[] mean, double[] scale) {
    // From the first row, so that nothing is left of what does not vary.
    double[] first = Arrays.copyOf(values, dimension);
    eachRow((h, i) -> mean[h] += (values[i] - first[h]) / rows);
    Arrays.setAll(mean, h -> mean[h] + first[h]);
    eachRow((h, i) -> values[i] -= mean[h]);
    eachRow((h, i) -> scale[h] += values[i] * values[i] / (rows - 1));
    Arrays.setAll(scale, h -> scale[h] == 0 ? 0 : 1 / Math.sqrt(scale[h]));
    eachRow((h, i) -> values[i] *= scale[h]);
  }

  /** Takes a dimension and the place of its value in a row. */
  private interface Place {
    void visit(int dimension, int place);
  }

  private void eachRow(Place place) {
    for (int from = 0; from < values.length; from += dimension) {
      for (int h = 0; h < dimension; h++) {
        place.visit(h, from + h);
      }
    }
  }

  /** Coefficients of 0, and intercepts that give the labels their fractions of the rows. */
  private double[] start() {
    double[] start = new double[classes * (dimension + 1)];
    for (int label : labels) {
      start[classes * dimension + label]++;
    }
    for (int i = classes * dimension; i < start.length; i++) {
      start[i] = Math.log1p(start[i]);
    }
    double mean = Arrays.stream(start).sum() / classes;
    for (int i = classes * dimension; i < start.length; i++) {
      start[i] -= mean;
    }
    return start;
  }

  /** The probe for values as they came, of the one found for scaled values. */
  private Probe unscaled(double[] found, double[] mean, double[] scale) {
    double[] intercepts = Arrays.copyOfRange(found, classes * dimension, found.length);
    double[] coefficients = Arrays.copyOf(found, classes * dimension);
    for (int i = 0; i < coefficients.length; i++) {
      coefficients[i] *= scale[i % dimension];
      intercepts[i / dimension] -= coefficients[i] * mean[i % dimension];
    }
    return new Probe(
        new DenseMatrix(classes, dimension, coefficients, true), Vectors.dense(intercepts));
  }
}
