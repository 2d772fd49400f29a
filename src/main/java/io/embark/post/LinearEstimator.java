package io.embark.post;

import io.embark.UserError;
import java.util.List;
import org.apache.spark.ml.Estimator;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.param.ParamValidators;
import org.apache.spark.ml.util.DefaultParamsWritable;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.catalyst.util.QuotingUtils;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.StructType;

/**
 * An estimator that fits a linear map in one pass over a column of vectors. Rows without a vector
 * are passed over.
 *
 * @param <E> the class itself, so that setters can be chained
 */
public abstract class LinearEstimator<E extends LinearEstimator<E>>
    extends Estimator<LinearVectorModel> implements VectorStage<E>, DefaultParamsWritable {
  private static final long serialVersionUID = 1;
  private static final int DEPTH = 3;

  private final String uid;
  final IntParam directions;

  /** With the name and description of the param for the number of directions. */
  LinearEstimator(String uid, String directions, String doc) {
    this.uid = uid;
    this.directions = new IntParam(uid, directions, doc, ParamValidators.gtEq(0));
    setDefault(this.directions, 0);
    setDefault(inputCol(), "embedding");
    setDefault(outputCol(), uid + "_output");
  }

  int directions() {
    return (Integer) getOrDefault(directions);
  }

  /** The map for vectors with these moments. */
  abstract LinearVectorModel map(String uid, Moments moments);

  /** Method and number of directions, as {@code --post} names them. */
  abstract String method();

  @Override
  public String uid() {
    return uid;
  }

  @Override
  public StructType transformSchema(StructType schema) {
    check(schema, getOrDefault(inputCol()), getOrDefault(outputCol()));
    return schema.add(getOrDefault(outputCol()), SQLDataTypes.VectorType());
  }

  /**
   * Checks the columns of a stage.
   *
   * @throws UserError if the input is not a column of vectors, or the output's name is taken
   */
  static void check(StructType schema, String input, String output) {
    List<String> names = List.of(schema.fieldNames());
    if (!names.contains(input)) {
      throw new UserError(
          "No column '%s'; there are %s. Set inputCol to the column of vectors."
              .formatted(input, String.join(", ", names)));
    }
    if (!schema.apply(input).dataType().equals(SQLDataTypes.VectorType())) {
      throw new UserError(
          "Column '%s' holds %s; wanted are MLlib vectors (output type vector)."
              .formatted(input, schema.apply(input).dataType().simpleString()));
    }
    if (names.stream().anyMatch(output::equalsIgnoreCase)) {
      throw new UserError(
          "There is a column '%s' already. Set outputCol to another name.".formatted(output));
    }
  }

  @Override
  public E copy(ParamMap extra) {
    return defaultCopy(extra);
  }

  /**
   * Fits the map.
   *
   * @throws UserError if the column is not one of vectors, or holds fewer than two
   */
  @Override
  public LinearVectorModel fit(Dataset<?> dataset) {
    transformSchema(dataset.schema());
    String column = getOrDefault(inputCol());
    // In a tree: the moments of a thousand partitions are too much for the driver at once.
    Moments moments =
        dataset
            .select(functions.col(QuotingUtils.quoteIdentifier(column)))
            .toDF()
            .toJavaRDD()
            .filter(row -> !row.isNullAt(0))
            .map(row -> row.<Vector>getAs(0).toArray())
            .mapPartitions(part -> Moments.of(part).stream().iterator())
            .treeAggregate(null, LinearEstimator::joined, LinearEstimator::joined, DEPTH);
    if (moments == null || moments.count < 2) {
      throw new UserError(
          "Column '%s' holds %d vectors; at least 2 are needed to fit %s."
              .formatted(column, moments == null ? 0 : moments.count, getClass().getSimpleName()));
    }
    LinearVectorModel model = map(uid, moments).fitted(method(), moments.count);
    return copyValues(model.setParent(this), ParamMap.empty());
  }

  private static Moments joined(Moments a, Moments b) {
    return a == null ? b : b == null ? a : a.merge(b);
  }
}
