package io.embark.post;

import io.embark.UserError;
import java.util.List;
import org.apache.hadoop.fs.Path;
import org.apache.spark.ml.linalg.DenseMatrix;
import org.apache.spark.ml.linalg.Matrix;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.DefaultParamsReader$;
import org.apache.spark.ml.util.DefaultParamsWriter$;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.ml.util.MLWriter;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.StructType;
import scala.Option;

/** The saved form of a fitted map: its params as Spark saves them, its numbers in Parquet. */
final class LinearVectorModelFiles {
  private static final String DATA = "data";

  private LinearVectorModelFiles() {}

  static final class Writer extends MLWriter {
    private final LinearVectorModel model;

    Writer(LinearVectorModel model) {
      this.model = model;
    }

    @Override
    public void saveImpl(String path) {
      DefaultParamsWriter$.MODULE$.saveMetadata(model, path, sc(), Option.empty(), Option.empty());
      Row numbers =
          RowFactory.create(
              Vectors.dense(model.mean()),
              new DenseMatrix(model.inputDimension(), model.outputDimension(), model.matrix()));
      StructType schema =
          new StructType()
              .add("mean", SQLDataTypes.VectorType())
              .add("matrix", SQLDataTypes.MatrixType());
      sparkSession()
          .createDataFrame(List.of(numbers), schema)
          .coalesce(1)
          .write()
          .parquet(new Path(path, DATA).toString());
    }
  }

  static final class Reader extends MLReader<LinearVectorModel> {
    @Override
    public LinearVectorModel load(String path) {
      DefaultParamsReader.Metadata metadata;
      try {
        metadata =
            DefaultParamsReader$.MODULE$.loadMetadata(
                path, sc(), LinearVectorModel.class.getName());
      } catch (IllegalArgumentException e) {
        // Spark's word on files of another class.
        throw new UserError(e.getMessage(), e);
      }
      Row numbers = sparkSession().read().parquet(new Path(path, DATA).toString()).head();
      LinearVectorModel model =
          new LinearVectorModel(
              metadata.uid(),
              numbers.<Vector>getAs("mean").toArray(),
              numbers.<Matrix>getAs("matrix").toArray());
      metadata.getAndSetParams(model, Option.empty());
      return model;
    }
  }
}
