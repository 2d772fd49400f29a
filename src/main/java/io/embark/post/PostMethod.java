package io.embark.post;

import io.embark.Choice;
import io.embark.UserError;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.apache.spark.ml.feature.PCA;
import org.apache.spark.ml.feature.PCAModel;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.util.QuotingUtils;
import org.apache.spark.sql.functions;

/** What can be done to all vectors of a table once they are known, to make them better ones. */
public enum PostMethod implements Choice {
  /**
   * Uncorrelated directions of variance 1, of which the number keeps the first: {@link Whitening}.
   */
  WHITENING(Number.OPTIONAL) {
    @Override
    LinearVectorModel fit(Dataset<Row> rows, String column, int number) {
      return new Whitening().setK(number).setInputCol(column).fit(rows);
    }
  },
  /** Without their mean: {@link MeanCentering}. */
  CENTERING(Number.NONE) {
    @Override
    LinearVectorModel fit(Dataset<Row> rows, String column, int number) {
      return new MeanCentering().setInputCol(column).fit(rows);
    }
  },
  /** Without mean and the number's directions of greatest variance: {@link MeanCentering}. */
  ALL_BUT_THE_TOP(Number.REQUIRED) {
    @Override
    LinearVectorModel fit(Dataset<Row> rows, String column, int number) {
      return new MeanCentering().setComponents(number).setInputCol(column).fit(rows);
    }

    @Override
    int most(int dimension) {
      return dimension - 1;
    }
  },
  /**
   * The coordinates along the number's directions of greatest variance, as MLlib's {@link PCA}
   * gives them: the mean is not taken away, so that lengths and cosines stay near what they were.
   */
  PCA(Number.REQUIRED) {
    @Override
    LinearVectorModel fit(Dataset<Row> rows, String column, int number) {
      Dataset<Row> vectors =
          rows.select(functions.col(QuotingUtils.quoteIdentifier(column)).as("vector"))
              .where("vector IS NOT NULL");
      long count = vectors.count();
      if (count < 2) {
        throw new UserError(
            "Column '%s' holds %d vectors; at least 2 are needed to fit a PCA."
                .formatted(column, count));
      }
      PCAModel found =
          new PCA().setK(number).setInputCol("vector").setOutputCol("pca").fit(vectors);
      return new LinearVectorModel(
              found.uid(), new double[found.pc().numRows()], found.pc().toArray())
          .setInputCol(column)
          .fitted(label() + ":" + number, count);
    }
  };

  /** Whether a number goes with the name. */
  enum Number {
    NONE,
    OPTIONAL,
    REQUIRED
  }

  private final Number number;

  PostMethod(Number number) {
    this.number = number;
  }

  /**
   * Finds the map.
   *
   * @param column of MLlib vectors; rows without one are passed over
   * @param number of directions, 0 for none
   */
  abstract LinearVectorModel fit(Dataset<Row> rows, String column, int number);

  /** The greatest number for vectors of so many values. */
  int most(int dimension) {
    return dimension;
  }

  Number number() {
    return number;
  }

  /** Every name, with {@code :N} where a number goes with it. */
  static String labels() {
    return Arrays.stream(values())
        .map(
            method ->
                method.label()
                    + switch (method.number) {
                      case NONE -> "";
                      case OPTIONAL -> "[:N]";
                      case REQUIRED -> ":N";
                    })
        .collect(Collectors.joining(", "));
  }
}
