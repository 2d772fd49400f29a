package io.embark.analysis.compare;

import breeze.linalg.DenseVector;
import breeze.optimize.CachedDiffFunction;
import breeze.optimize.DiffFunction;
import breeze.optimize.LBFGS;
import dev.ludovic.netlib.blas.BLAS;
import io.embark.analysis.compare.Probes.Probe;
import java.lang.invoke.LambdaMetafactory;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Arrays;
import org.apache.spark.ml.linalg.DenseMatrix;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.linalg.Vectors;
import scala.Tuple2;
import scala.reflect.ClassTag;

/**
 * Fits MLlib's multinomial logistic regression to few rows, all in one task: the same problem,
 * start, optimiser and end. MLlib's own takes a job of Spark for each of its steps, which costs
 * more than the step.
 */
final class SoftmaxFit {
  /** Corrections that L-BFGS remembers, as in MLlib. */
  private static final int MEMORY = 10;

  /** Rows at a time: their margins stay in the processor's cache. */
  private static final int BLOCK = 256;

  private final double[] values;
  private final int[] labels;
  private final int dimension;
  private final int classes;
  private int rows;

  /** Has room for {@code capacity} rows, all of which must be added. */
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

  /** Fits what was added, once. The penalty of the coefficients is C = 1. */
  Probe fit(int iterations, double tolerance) {
    double[] mean = new double[dimension];
    double[] scale = new double[dimension];
    standardise(mean, scale);
    LBFGS<DenseVector<Object>> optimiser =
        new LBFGS<>(iterations, MEMORY, tolerance, DenseVector.space_Double());
    DenseVector<Object> start = new DenseVector<>(start());
    return unscaled((double[]) optimiser.minimize(loss(), start).data(), mean, scale);
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

  /** Takes a dimension and the index of its value in the rows. */
  private interface Place {
    void visit(int dimension, int index);
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

  /**
   * The mean over rows of -log of the probability of the right label, and half the penalty times
   * the sum of squares of the coefficients; with its gradient.
   *
   * <p>Made at run time, as javac makes a lambda: Java source cannot implement Breeze's interface,
   * which has two methods {@code apply} that return a double and an object.
   */
  @SuppressWarnings("unchecked") // Scala's Double is an Object to Java.
  private DiffFunction<DenseVector<Object>> loss() {
    MethodHandles.Lookup here = MethodHandles.lookup();
    MethodType calculate = MethodType.methodType(Tuple2.class, DenseVector.class);
    try {
      MethodHandle made =
          LambdaMetafactory.metafactory(
                  here,
                  "calculate",
                  MethodType.methodType(DiffFunction.class, SoftmaxFit.class),
                  MethodType.methodType(Tuple2.class, Object.class),
                  here.findVirtual(SoftmaxFit.class, "calculate", calculate),
                  calculate)
              .getTarget();
      return new CachedDiffFunction<>(
          (DiffFunction<DenseVector<Object>>) made.invoke(this),
          DenseVector.canCopyDenseVector((ClassTag<Object>) (ClassTag<?>) ClassTag.Double()));
    } catch (Throwable e) {
      throw new IllegalStateException("No function for Breeze.", e);
    }
  }

  /** Loss and gradient at the coefficients, label by label, and then the intercepts. */
  private Tuple2<Object, DenseVector<Object>> calculate(DenseVector<Object> at) {
    int c = classes;
    int d = dimension;
    double penalty = 1.0 / rows;
    double[] x = (double[]) at.data();
    double[] gradient = new double[x.length];
    double[] margins = new double[BLOCK * c];
    double loss = 0;
    BLAS blas = BLAS.getInstance();
    for (int first = 0; first < rows; first += BLOCK) {
      int n = Math.min(BLOCK, rows - first);
      for (int row = 0; row < n; row++) {
        System.arraycopy(x, c * d, margins, row * c, c);
      }
      // By columns: margins += x' values, then gradient += values errors'.
      blas.dgemm("T", "N", c, n, d, 1, x, 0, d, values, first * d, d, 1, margins, 0, c);
      for (int row = 0; row < n; row++) {
        loss += toErrors(margins, row * c, labels[first + row]);
        for (int label = 0; label < c; label++) {
          gradient[c * d + label] += margins[row * c + label];
        }
      }
      blas.dgemm("N", "T", d, c, n, 1, values, first * d, d, margins, 0, c, 1, gradient, 0, d);
    }
    double squares = 0;
    for (int i = 0; i < x.length; i++) {
      gradient[i] /= rows;
      if (i < c * d) {
        gradient[i] += penalty * x[i];
        squares += x[i] * x[i];
      }
    }
    return new Tuple2<>(loss / rows + penalty / 2 * squares, new DenseVector<>(gradient));
  }

  /** Replaces the margins of a row by its probabilities, less 1 for the right label. */
  private double toErrors(double[] margins, int from, int right) {
    double greatest = Double.NEGATIVE_INFINITY;
    for (int i = from; i < from + classes; i++) {
      greatest = Math.max(greatest, margins[i]);
    }
    double sum = 0;
    double margin = margins[from + right] - greatest;
    for (int i = from; i < from + classes; i++) {
      // Under the greatest, so that no sum is infinite.
      margins[i] = Math.exp(margins[i] - greatest);
      sum += margins[i];
    }
    for (int i = from; i < from + classes; i++) {
      margins[i] /= sum;
    }
    margins[from + right]--;
    return Math.log(sum) - margin;
  }
}
