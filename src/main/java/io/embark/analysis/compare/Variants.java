package io.embark.analysis.compare;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.udf;

import io.embark.UserError;
import io.embark.analysis.compare.EmbeddingPass.Candidate;
import io.embark.pooling.Norm;
import io.embark.post.LinearVectorModel;
import io.embark.post.PostChoice;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.api.java.UDF1;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Variants of each pooled vector: as it is, and after maps that are fitted on the texts of the
 * comparison, without their labels or scores, as {@code embed --post} would fit them.
 */
public record Variants(List<PostChoice> choices, Norm norm) {
  private static final Logger LOG = LoggerFactory.getLogger(Variants.class);

  /** One variant of one pooled vector, made by a map or, where that is null, by scaling alone. */
  private record Variant(Candidate from, Candidate to, LinearVectorModel map) {}

  /** The tables with all variants, and the candidates that these are. */
  public record Tables(
      List<Candidate> candidates, Dataset<Row> texts, Optional<Dataset<Row>> pairs) {}

  /** Whether vectors are to be embedded without scaling, to be made variants of. */
  public boolean areWanted() {
    return choices.stream().anyMatch(choice -> !choice.isNone());
  }

  /**
   * @throws UserError if the vectors, of which none need be there yet, do not allow a choice
   */
  public void require(List<Candidate> pooled) {
    for (Candidate candidate : pooled) {
      choices.forEach(choice -> choice.require(candidate.dimension()));
    }
  }

  /**
   * Fits the maps, and makes the variants of vectors that are not scaled.
   *
   * @throws UserError if a map cannot be fitted
   */
  public Tables of(Scratch scratch, Tables pooled) {
    if (!areWanted()) {
      return pooled;
    }
    List<Variant> variants = new ArrayList<>();
    for (Candidate candidate : pooled.candidates) {
      for (PostChoice choice : choices) {
        if (choice.isNone()) {
          variants.add(new Variant(candidate, candidate, null));
        } else {
          LOG.info("{}: fitting {} on the texts", candidate.name(), choice);
          LinearVectorModel map = choice.fit(pooled.texts, candidate.column());
          String name = candidate.name() + "+" + choice;
          variants.add(new Variant(candidate, new Candidate(name, map.outputDimension()), map));
        }
      }
    }
    List<Candidate> from = pooled.candidates;
    return new Tables(
        variants.stream().map(Variant::to).toList(),
        scratch.keep("variants-texts", table(pooled.texts, from, variants, "v")),
        pooled.pairs.map(
            rows -> scratch.keep("variants-pairs", table(rows, from, variants, "a", "b"))));
  }

  private Dataset<Row> table(
      Dataset<Row> rows, List<Candidate> pooled, List<Variant> variants, String... sides) {
    Set<String> replaced = new HashSet<>();
    for (String side : sides) {
      pooled.forEach(candidate -> replaced.add(candidate.column(side)));
    }
    List<Column> columns = new ArrayList<>();
    Stream.of(rows.columns()).filter(c -> !replaced.contains(c)).forEach(c -> columns.add(col(c)));
    Norm last = norm;
    for (Variant variant : variants) {
      LinearVectorModel map = variant.map();
      UDF1<Vector, Vector> make = vector -> scaled(vector, map, last);
      for (String side : sides) {
        Column from = col(variant.from().column(side));
        columns.add(udf(make, SQLDataTypes.VectorType()).apply(from).as(variant.to().column(side)));
      }
    }
    return rows.select(columns.toArray(Column[]::new));
  }

  /** As the embedder maps and scales, in 32 bits. */
  private static Vector scaled(Vector vector, LinearVectorModel map, Norm norm) {
    float[] values = new float[vector.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) vector.apply(i);
    }
    float[] mapped = map == null ? values : map.apply(values);
    norm.apply(mapped);
    double[] result = new double[mapped.length];
    Arrays.setAll(result, i -> mapped[i]);
    return Vectors.dense(result);
  }
}
