package io.embark.post;

import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.Params;

/**
 * A stage that reads a column of vectors and adds one. Spark finds its params by the public methods
 * that return them.
 *
 * @param <S> the class itself, so that setters can be chained
 */
public interface VectorStage<S extends VectorStage<S>> extends Params {
  default Param<String> inputCol() {
    return new Param<>(uid(), "inputCol", "column of vectors");
  }

  default Param<String> outputCol() {
    return new Param<>(uid(), "outputCol", "column for the new vectors");
  }

  default S setInputCol(String column) {
    return with(inputCol(), column);
  }

  default S setOutputCol(String column) {
    return with(outputCol(), column);
  }

  @SuppressWarnings("unchecked")
  private S with(Param<String> param, String column) {
    set(param, column);
    return (S) this;
  }
}
