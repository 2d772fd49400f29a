package io.embark.post;

import io.embark.UserError;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.Identifiable$;
import org.apache.spark.ml.util.MLReader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Rotates and scales vectors so that they vary alike in every direction: y = (x - mean) U
 * diag(1/sqrt(eigenvalues)), with U the eigenvectors of the covariance. Su et al. (2021),
 * "Whitening sentence representations for better semantics and faster retrieval".
 *
 * <p>{@code k} keeps the first directions only, those in which the vectors vary most. Directions in
 * which they do not vary are left out, whatever {@code k}: scaling them up would be scaling noise.
 */
public final class Whitening extends LinearEstimator<Whitening> {
  private static final long serialVersionUID = 1;
  private static final Logger LOG = LoggerFactory.getLogger(Whitening.class);

  /**
   * Below this fraction of the greatest eigenvalue a direction holds rounding errors only: vectors
   * computed in 32 bits have them at about 1e-14.
   */
  private static final double NOISE = 1e-11;

  /**
   * With fewer vectors for each dimension the covariance says little about its small directions.
   */
  private static final int FEW = 5;

  public Whitening() {
    this(Identifiable$.MODULE$.randomUID("whitening"));
  }

  /** With a given identifier, as Spark needs it to copy and load stages. */
  public Whitening(String uid) {
    super(uid, "k", "directions to keep; 0 keeps all");
  }

  @Override
  String method() {
    return directions() == 0 ? "whitening" : "whitening:" + directions();
  }

  public IntParam k() {
    return directions;
  }

  /** The number of directions to keep; 0 keeps all. */
  public Whitening setK(int kept) {
    set(directions, kept);
    return this;
  }

  @Override
  LinearVectorModel map(String uid, Moments moments) {
    int n = moments.dimension;
    int wanted = directions() == 0 ? n : directions();
    if (wanted > n) {
      throw new UserError("k is %d, but the vectors have %d values.".formatted(wanted, n));
    }
    if (moments.count < FEW * (long) n) {
      LOG.warn(
          "Whitening: {} vectors of {} values are few to fit {} numbers on; small directions will"
              + " be chance.",
          moments.count,
          n,
          n * (n + 1) / 2);
    }
    Moments.Principal principal = moments.principal();
    int kept = 0;
    while (kept < wanted && principal.variances()[kept] > NOISE * principal.variances()[0]) {
      kept++;
    }
    if (kept == 0) {
      throw new UserError(
          "The %d vectors are all the same: there is nothing to whiten.".formatted(moments.count));
    }
    if (kept < wanted) {
      LOG.warn(
          "Whitening: the {} vectors vary in {} directions only; {} were wanted, {} are kept.",
          moments.count,
          kept,
          wanted,
          kept);
    }
    double[] matrix = new double[n * kept];
    for (int column = 0; column < kept; column++) {
      double scale = 1 / Math.sqrt(principal.variances()[column]);
      for (int row = 0; row < n; row++) {
        matrix[column * n + row] = principal.directions()[column * n + row] * scale;
      }
    }
    return new LinearVectorModel(uid, moments.mean(), matrix);
  }

  public static MLReader<Whitening> read() {
    return new DefaultParamsReader<>();
  }

  public static Whitening load(String path) {
    return read().load(path);
  }
}
