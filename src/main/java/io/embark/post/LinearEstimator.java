package io.embark.post;

import io.embark.UserError;
import org.apache.spark.ml.Estimator;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.Param;
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
    extends Estimator<LinearVectorModel> implements DefaultParamsWritable {
  private static final long serialVersionUID = 1;
  private static final int DEPTH = 3;

  private final String uid;
  private final Param<String> inputCol;
  private final Param<String> outputCol;
  final IntParam directions;

  /** With the name and description of the param for the number of directions. */
  LinearEstimator(String uid, String directions, String doc) {
    this.uid = uid;
    this.directions = new IntParam(uid, directions, doc, ParamValidators.gtEq(0));
    setDefault(this.directions, 0);
    this.inputCol = VectorColumns.inputCol(this);
    this.outputCol = VectorColumns.outputCol(this);
    setDefault(inputCol, "embedding");
    setDefault(outputCol, uid + "_output");
  }

  @SuppressWarnings("unchecked")
  private E self() {
    return (E) this;
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

  public Param<String> inputCol() {
    return inputCol;
  }

  public Param<String> outputCol() {
    return outputCol;
  }

  public E setInputCol(String column) {
    set(inputCol, column);
    return self();
  }

  public E setOutputCol(String column) {
    set(outputCol, column);
    return self();
  }

  @Override
  public StructType transformSchema(StructType schema) {
    VectorColumns.check(schema, getOrDefault(inputCol), getOrDefault(outputCol));
    return schema.add(getOrDefault(outputCol), SQLDataTypes.VectorType());
  }

  /**
   * Fits the map.
   *
   * @throws UserError if the column is not one of vectors, or holds fewer than two
   */
  @Override
  public LinearVectorModel fit(Dataset<?> dataset) {
    transformSchema(dataset.schema());
    String column = getOrDefault(inputCol);
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
