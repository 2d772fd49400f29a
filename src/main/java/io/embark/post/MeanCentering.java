package io.embark.post;

import io.embark.UserError;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.Identifiable$;
import org.apache.spark.ml.util.MLReader;

/**
 * Subtracts what all vectors have in common: their mean, and with {@code components} also the
 * directions in which they vary most, x - mean - sum (u u' (x - mean)). Mu and Viswanath (2018),
 * "All-but-the-top: simple and effective postprocessing for word representations".
 */
public final class MeanCentering extends LinearEstimator<MeanCentering> {
  private static final long serialVersionUID = 1;

  public MeanCentering() {
    this(Identifiable$.MODULE$.randomUID("meanCentering"));
  }

  /** With a given identifier, as Spark needs it to copy and load stages. */
  public MeanCentering(String uid) {
    super(
        uid,
        "components",
        "directions of greatest variance to remove; the paper suggests the dimension / 100");
  }

  @Override
  String method() {
    return directions() == 0 ? "centering" : "all-but-the-top:" + directions();
  }

  public IntParam components() {
    return directions;
  }

  /** The number of directions of greatest variance to remove; 0 removes the mean alone. */
  public MeanCentering setComponents(int removed) {
    set(directions, removed);
    return this;
  }

  @Override
  LinearVectorModel map(String uid, Moments moments) {
    int n = moments.dimension;
    int removed = directions();
    if (removed >= n) {
      throw new UserError(
          "components is %d, but the vectors have %d values; wanted are fewer."
              .formatted(removed, n));
    }
    double[] matrix = new double[n * n];
    for (int h = 0; h < n; h++) {
      matrix[h * n + h] = 1;
    }
    if (removed > 0) {
      double[] top = moments.principal().directions();
      for (int c = 0; c < removed; c++) {
        for (int column = 0; column < n; column++) {
          for (int row = 0; row < n; row++) {
            matrix[column * n + row] -= top[c * n + row] * top[c * n + column];
          }
        }
      }
    }
    return new LinearVectorModel(uid, moments.mean(), matrix);
  }

  public static MLReader<MeanCentering> read() {
    return new DefaultParamsReader<>();
  }

  public static MeanCentering load(String path) {
    return read().load(path);
  }
}
