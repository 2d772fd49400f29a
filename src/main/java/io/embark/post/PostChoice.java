package io.embark.post;

import io.embark.Choice;
import io.embark.UserError;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.apache.spark.ml.feature.PCA;
import org.apache.spark.ml.feature.PCAModel;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.util.QuotingUtils;
import org.apache.spark.sql.functions;

/**
 * The post-processing of vectors that a user asks for: a method to be fitted, maps that were fitted
 * earlier, or nothing.
 *
 * @param method to fit; null for none
 * @param number of directions that goes with the method, 0 for none
 * @param path of what was fitted earlier; null for none
 */
public record PostChoice(Method method, int number, String path) {

  /** A linear map that is fitted on all vectors of a table. */
  public enum Method implements Choice {
    /** {@link Whitening}, of whose directions the number keeps the first. */
    WHITENING("[:N]"),
    /** {@link MeanCentering} without components. */
    CENTERING(""),
    /** {@link MeanCentering} with the number of components. */
    ALL_BUT_THE_TOP(":N"),
    /**
     * The coordinates along the number's directions of greatest variance, as MLlib's {@link PCA}
     * gives them: the mean is not taken away, so that lengths and cosines stay near what they were.
     */
    PCA(":N");

    private final String numberSyntax;

    Method(String numberSyntax) {
      this.numberSyntax = numberSyntax;
    }
  }

  /** Vectors stay as the model makes them. */
  public static final PostChoice NONE = new PostChoice(null, 0, null);

  /** The syntax, for help texts. */
  public static final String CHOICES =
      Arrays.stream(Method.values())
          .map(method -> method.label() + method.numberSyntax)
          .collect(Collectors.joining(", ", "none, ", ", or a path"));

  /**
   * Parses a choice. Whatever holds a slash is a path.
   *
   * @throws UserError naming the methods
   */
  public static PostChoice of(String text) {
    String stripped = text.strip();
    if (stripped.equalsIgnoreCase("none")) {
      return NONE;
    }
    if (stripped.contains("/")) {
      return new PostChoice(null, 0, stripped);
    }
    String[] parts = stripped.toLowerCase(Locale.ROOT).split(":", 2);
    return Choice.find(Method.class, parts[0])
        .map(method -> of(method, parts.length == 1 ? null : parts[1]))
        .orElseThrow(
            () ->
                new UserError(
                    "found '%s', wanted %s (with a slash in it).".formatted(text, CHOICES)));
  }

  private static PostChoice of(Method method, String number) {
    String label = method.label();
    if (number == null && method.numberSyntax.equals(":N")) {
      throw new UserError(
          "found '%s' alone, wanted a number of directions with it, as in %s:%d."
              .formatted(label, label, method == Method.PCA ? 128 : 3));
    }
    if (number == null) {
      return new PostChoice(method, 0, null);
    }
    boolean takesNumber = !method.numberSyntax.isEmpty();
    if (!takesNumber || !number.matches("[1-9][0-9]{0,6}")) {
      throw new UserError(
          "found '%s:%s', wanted %s %s."
              .formatted(
                  label,
                  number,
                  label,
                  takesNumber ? "and a whole number from 1" : "without a number"));
    }
    return new PostChoice(method, Integer.parseInt(number), null);
  }

  public boolean isNone() {
    return method == null && path == null;
  }

  /**
   * Refuses a number of directions that vectors of this size do not have, before any was made.
   *
   * @throws UserError with both
   */
  public void require(int dimension) {
    int most = method == Method.ALL_BUT_THE_TOP ? dimension - 1 : dimension;
    if (number > most) {
      throw new UserError(
          "post: found %s, but vectors have %d values; wanted a number up to %d."
              .formatted(this, dimension, most));
    }
  }

  /**
   * Fits the map of a column of MLlib vectors; rows without one are passed over.
   *
   * @throws UserError if there are too few vectors
   */
  public LinearVectorModel fit(Dataset<Row> rows, String column) {
    if (method == null) {
      throw new IllegalStateException("There is nothing to fit: " + this + ".");
    }
    return switch (method) {
      case WHITENING -> new Whitening().setK(number).setInputCol(column).fit(rows);
      case CENTERING, ALL_BUT_THE_TOP ->
          new MeanCentering().setComponents(number).setInputCol(column).fit(rows);
      case PCA -> fitPca(rows, column);
    };
  }

  private LinearVectorModel fitPca(Dataset<Row> rows, String column) {
    Dataset<Row> vectors =
        rows.select(functions.col(QuotingUtils.quoteIdentifier(column)).as("vector"))
            .where("vector IS NOT NULL");
    long count = vectors.count();
    if (count < 2) {
      throw new UserError(
          "Column '%s' holds %d vectors; at least 2 are needed to fit a PCA."
              .formatted(column, count));
    }
    PCAModel pca = new PCA().setK(number).setInputCol("vector").setOutputCol("pca").fit(vectors);
    return new LinearVectorModel(pca.uid(), new double[pca.pc().numRows()], pca.pc().toArray())
        .setInputCol(column)
        .fitted(toString(), count);
  }

  /** As {@link #of} parses it. */
  @Override
  public String toString() {
    if (isNone()) {
      return "none";
    }
    return path != null ? path : number == 0 ? method.label() : method.label() + ":" + number;
  }
}
