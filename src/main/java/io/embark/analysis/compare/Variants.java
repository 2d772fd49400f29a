package io.embark.analysis.compare;

import io.embark.UserError;
import io.embark.pooling.Norm;
import io.embark.post.LinearVectorModel;
import io.embark.post.PostChoice;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.expressions.UserDefinedFunction;
import org.apache.spark.sql.functions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Each pooled vector in several variants: as it is, and after maps that are fitted on the texts of
 * the comparison, without their labels or scores, as {@code embed --post} would fit them.
 *
 * @param choices what is done to vectors, each a variant
 * @param norm how vectors are scaled in the end
 */
public record Variants(List<PostChoice> choices, Norm norm) {
  private static final Logger LOG = LoggerFactory.getLogger(Variants.class);

  /**
   * One variant of one pooled vector.
   *
   * @param map that makes it; null for none
   */
  private record Made(Candidate from, Candidate to, LinearVectorModel map) {
    UserDefinedFunction function(Norm norm) {
      LinearVectorModel after = map;
      UDF1<Vector, Vector> make =
          vector -> {
            double[] values = vector.toArray();
            return Vectors.dense(scaled(after == null ? values : after.apply(values), norm));
          };
      return functions.udf(make, SQLDataTypes.VectorType());
    }
  }

  /**
   * The tables with all variants.
   *
   * @param candidates what there is to compare now
   */
  public record Tables(
      List<Candidate> candidates, Dataset<Row> texts, Optional<Dataset<Row>> pairs) {}

  /** Whether vectors are to be embedded without scaling, to be made variants of. */
  public boolean areWanted() {
    return choices.stream().anyMatch(choice -> !choice.isNone());
  }

  /**
   * Refuses what the vectors do not allow, before any was made.
   *
   * @throws UserError with found and wanted
   */
  public void require(List<Candidate> pooled) {
    for (Candidate candidate : pooled) {
      choices.forEach(choice -> choice.require(candidate.dimension()));
    }
  }

  /**
   * Fits the maps, and makes the variants.
   *
   * @param pooled vectors of the tables, not scaled
   * @throws UserError if a map cannot be fitted
   */
  public Tables of(
      Scratch scratch, List<Candidate> pooled, Dataset<Row> texts, Optional<Dataset<Row>> pairs) {
    List<Made> made = new ArrayList<>();
    for (Candidate candidate : pooled) {
      for (PostChoice choice : choices) {
        if (choice.isNone()) {
          made.add(new Made(candidate, candidate, null));
        } else {
          LOG.info("{}: fitting {} on the texts", candidate.name(), choice);
          LinearVectorModel map = choice.fit(texts, candidate.column());
          String name = candidate.name() + "+" + choice;
          made.add(new Made(candidate, new Candidate(name, map.outputDimension()), map));
        }
      }
    }
    return new Tables(
        made.stream().map(Made::to).toList(),
        scratch.keep("variants-texts", table(texts, pooled, made, List.of("v"))),
        pairs.map(p -> scratch.keep("variants-pairs", table(p, pooled, made, List.of("a", "b")))));
  }

  private Dataset<Row> table(
      Dataset<Row> rows, List<Candidate> pooled, List<Made> made, List<String> sides) {
    List<String> vectors = new ArrayList<>();
    for (Candidate candidate : pooled) {
      sides.forEach(side -> vectors.add(candidate.column(side)));
    }
    List<Column> columns = new ArrayList<>();
    for (String name : rows.columns()) {
      if (!vectors.contains(name)) {
        columns.add(functions.col(name));
      }
    }
    for (Made one : made) {
      UserDefinedFunction make = one.function(norm);
      for (String side : sides) {
        columns.add(make.apply(functions.col(one.from().column(side))).as(one.to().column(side)));
      }
    }
    return rows.select(columns.toArray(Column[]::new));
  }

  /** As the embedder scales, in 32 bits. */
  private static double[] scaled(double[] values, Norm norm) {
    float[] floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    norm.apply(floats);
    double[] result = new double[floats.length];
    for (int i = 0; i < result.length; i++) {
      result[i] = floats[i];
    }
    return result;
  }
}
