package io.embark.analysis.compare;

import breeze.linalg.DenseVector;
import breeze.optimize.CachedDiffFunction;
import breeze.optimize.DiffFunction;
import dev.ludovic.netlib.blas.BLAS;
import java.lang.invoke.LambdaMetafactory;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import scala.Tuple2;
import scala.reflect.ClassTag;

/**
 * The mean over rows of -log of the probability of the right label, and penalty / 2 times the sum
 * of squares of the coefficients; with its gradient.
 *
 * <p>Its argument has the coefficients label by label, then the intercepts, which have no penalty.
 *
 * @param values row after row
 * @param labels one for each row
 */
record SoftmaxLoss(double[] values, int[] labels, int dimension, int classes, double penalty) {
  /** Rows at a time: their margins stay in the processor's cache. */
  private static final int BLOCK = 256;

  /**
   * As Breeze's optimisers want it, which call nothing but {@code calculate}.
   *
   * <p>Made at run time, as javac makes a lambda: in source, Java cannot implement this interface,
   * of whose methods {@code apply} one returns a double and one, Scala's function, an object.
   */
  @SuppressWarnings("unchecked") // Scala's Double is an Object to Java.
  DiffFunction<DenseVector<Object>> forBreeze() {
    MethodHandles.Lookup here = MethodHandles.lookup();
    MethodType calculate = MethodType.methodType(Tuple2.class, DenseVector.class);
    try {
      MethodHandle made =
          LambdaMetafactory.metafactory(
                  here,
                  "calculate",
                  MethodType.methodType(DiffFunction.class, SoftmaxLoss.class),
                  MethodType.methodType(Tuple2.class, Object.class),
                  here.findVirtual(SoftmaxLoss.class, "calculate", calculate),
                  calculate)
              .getTarget();
      return new CachedDiffFunction<>(
          (DiffFunction<DenseVector<Object>>) made.invoke(this),
          DenseVector.canCopyDenseVector((ClassTag<Object>) (ClassTag<?>) ClassTag.Double()));
    } catch (Throwable e) {
      throw new IllegalStateException("No function for Breeze.", e);
    }
  }

  /** Loss and gradient. */
  private Tuple2<Object, DenseVector<Object>> calculate(DenseVector<Object> at) {
    double[] x = (double[]) at.data();
    double[] gradient = new double[x.length];
    double[] margins = new double[BLOCK * classes];
    double loss = 0;
    for (int first = 0; first < labels.length; first += BLOCK) {
      int rows = Math.min(BLOCK, labels.length - first);
      for (int row = 0; row < rows; row++) {
        System.arraycopy(x, classes * dimension, margins, row * classes, classes);
      }
      multiply("T", "N", classes, rows, dimension, x, 0, values, first * dimension, margins);
      for (int row = 0; row < rows; row++) {
        loss += toErrors(margins, row * classes, labels[first + row]);
        for (int label = 0; label < classes; label++) {
          gradient[classes * dimension + label] += margins[row * classes + label];
        }
      }
      multiply("N", "T", dimension, classes, rows, values, first * dimension, margins, 0, gradient);
    }
    double squares = 0;
    for (int i = 0; i < x.length; i++) {
      gradient[i] /= labels.length;
      if (i < classes * dimension) {
        gradient[i] += penalty * x[i];
        squares += x[i] * x[i];
      }
    }
    return new Tuple2<>(loss / labels.length + penalty / 2 * squares, new DenseVector<>(gradient));
  }

  /** {@code c += a b}, by columns. */
  private static void multiply(
      String transA,
      String transB,
      int m,
      int n,
      int k,
      double[] a,
      int offsetA,
      double[] b,
      int offsetB,
      double[] c) {
    int strideA = transA.equals("N") ? m : k;
    int strideB = transB.equals("N") ? k : n;
    BLAS.getInstance()
        .dgemm(transA, transB, m, n, k, 1, a, offsetA, strideA, b, offsetB, strideB, 1, c, 0, m);
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
