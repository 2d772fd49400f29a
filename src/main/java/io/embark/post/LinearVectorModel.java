package io.embark.post;

import dev.ludovic.netlib.blas.BLAS;
import io.embark.UserError;
import io.embark.embed.VectorProvenance;
import io.embark.model.Fingerprint;
import io.embark.spark.path.ExactFiles;
import io.embark.spark.path.SavedParams;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.apache.hadoop.fs.Path;
import org.apache.spark.ml.Model;
import org.apache.spark.ml.attribute.AttributeGroup;
import org.apache.spark.ml.linalg.DenseMatrix;
import org.apache.spark.ml.linalg.Matrix;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.ml.param.LongParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.DefaultParamsWriter$;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.ml.util.MLWritable;
import org.apache.spark.ml.util.MLWriter;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.catalyst.util.QuotingUtils;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.MetadataBuilder;
import org.apache.spark.sql.types.StructType;
import scala.Option;

/** A fitted linear map of vectors: y = (x - mean) matrix. A row without a vector keeps none. */
public final class LinearVectorModel extends Model<LinearVectorModel>
    implements VectorStage<LinearVectorModel>, MLWritable {
  private static final long serialVersionUID = 1;

  private static final StructType NUMBERS =
      new StructType()
          .add("mean", SQLDataTypes.VectorType())
          .add("matrix", SQLDataTypes.MatrixType());

  private final String uid;
  private final double[] mean;

  /** {@code [mean.length, outputs]} in columns. */
  private final double[] matrix;

  LinearVectorModel(String uid, double[] mean, double[] matrix) {
    this.uid = uid;
    this.mean = mean;
    this.matrix = matrix;
    setDefault(inputCol(), "embedding");
    setDefault(outputCol(), uid + "_output");
    setDefault(method(), uid);
    setDefault(fittedRows(), 0L);
  }

  LinearVectorModel fitted(String how, long vectors) {
    set(method(), how);
    set(fittedRows(), (Object) vectors);
    return this;
  }

  @Override
  public String uid() {
    return uid;
  }

  public Param<String> method() {
    return new Param<>(uid, "method", "what found the map, for example whitening:256");
  }

  public LongParam fittedRows() {
    return new LongParam(uid, "fittedRows", "vectors that it was found on");
  }

  /** Values of a vector that goes in. */
  public int inputDimension() {
    return mean.length;
  }

  /** Values of a vector that comes out. */
  public int outputDimension() {
    return matrix.length / mean.length;
  }

  /** {@code [inputDimension]}, a copy. */
  public double[] mean() {
    return mean.clone();
  }

  /** {@code [inputDimension, outputDimension]} in columns, a copy. */
  public double[] matrix() {
    return matrix.clone();
  }

  /** SHA-256 of mean and matrix: two models with the same hash give the same vectors. */
  public String fingerprint() {
    ByteBuffer bytes = ByteBuffer.allocate(Double.BYTES * (mean.length + matrix.length));
    bytes.asDoubleBuffer().put(mean).put(matrix);
    return Fingerprint.of(bytes.array());
  }

  /**
   * The map of one vector.
   *
   * @param vector {@code [inputDimension]}
   * @return {@code [outputDimension]}
   * @throws UserError if it has another length
   */
  public double[] apply(double[] vector) {
    int n = mean.length;
    if (vector.length != n) {
      throw new UserError(
          "Found a vector of %d values; %s was fitted on vectors of %d."
              .formatted(vector.length, uid, n));
    }
    double[] centred = new double[n];
    Arrays.setAll(centred, h -> vector[h] - mean[h]);
    double[] result = new double[outputDimension()];
    BLAS.getInstance().dgemv("T", n, result.length, 1, matrix, n, centred, 1, 0, result, 1);
    return result;
  }

  /** {@link #apply(double[])} of 32-bit values, computed in 64 bits. */
  public float[] apply(float[] vector) {
    double[] wide = new double[vector.length];
    Arrays.setAll(wide, h -> vector[h]);
    double[] mapped = apply(wide);
    float[] result = new float[mapped.length];
    for (int h = 0; h < result.length; h++) {
      result[h] = (float) mapped[h];
    }
    return result;
  }

  @Override
  public StructType transformSchema(StructType schema) {
    String input = getOrDefault(inputCol());
    String output = getOrDefault(outputCol());
    LinearEstimator.check(schema, input, output);
    Metadata metadata = metadata(output, schema.apply(input).metadata());
    return schema.add(output, SQLDataTypes.VectorType(), true, metadata);
  }

  /**
   * The metadata of a column of mapped vectors. It has another fingerprint than that of the vectors
   * that the map takes ({@code before}), so that the two are never taken for each other.
   */
  public Metadata metadata(String column, Metadata before) {
    AttributeGroup size = new AttributeGroup(column, outputDimension());
    if (!before.contains(VectorProvenance.KEY)) {
      return size.toMetadata();
    }
    VectorProvenance made = VectorProvenance.parse(before.getMetadata(VectorProvenance.KEY).json());
    String post = getOrDefault(method());
    String postFingerprint = fingerprint();
    if (!made.post().isEmpty()) {
      post = made.post() + "," + post;
      postFingerprint = Fingerprint.of(made.postFingerprint() + " " + postFingerprint);
    }
    VectorProvenance mapped =
        made.mapped(
            post,
            postFingerprint,
            (Long) getOrDefault(fittedRows()),
            Fingerprint.of(made.modelFingerprint() + " " + postFingerprint),
            inputDimension(),
            outputDimension());
    return size.toMetadata(
        new MetadataBuilder()
            .putMetadata(VectorProvenance.KEY, Metadata.fromJson(mapped.json()))
            .build());
  }

  @Override
  public Dataset<Row> transform(Dataset<?> dataset) {
    String output = getOrDefault(outputCol());
    Metadata metadata = transformSchema(dataset.schema()).apply(output).metadata();
    UDF1<Vector, Vector> map = v -> v == null ? null : Vectors.dense(apply(v.toArray()));
    Column input = dataset.col(QuotingUtils.quoteIdentifier(getOrDefault(inputCol())));
    return dataset.withColumn(
        output, functions.udf(map, SQLDataTypes.VectorType()).apply(input).as(output, metadata));
  }

  @Override
  public LinearVectorModel copy(ParamMap extra) {
    return copyValues(new LinearVectorModel(uid, mean, matrix), extra).setParent(parent());
  }

  /** Saves the params as Spark does, and the numbers beside them in Parquet. */
  @Override
  public MLWriter write() {
    LinearVectorModel saved = this;
    return new MLWriter() {
      @Override
      public void saveImpl(String path) {
        DefaultParamsWriter$.MODULE$.saveMetadata(
            saved, path, sc(), Option.empty(), Option.empty());
        Row numbers =
            RowFactory.create(
                Vectors.dense(mean), new DenseMatrix(inputDimension(), outputDimension(), matrix));
        sparkSession()
            .createDataFrame(List.of(numbers), NUMBERS)
            .coalesce(1)
            .write()
            .parquet(dataPath(path));
      }
    };
  }

  /** The reader that Spark finds by this name. */
  public static MLReader<LinearVectorModel> read() {
    return new MLReader<>() {
      @Override
      public LinearVectorModel load(String path) {
        DefaultParamsReader.Metadata metadata =
            SavedParams.read(path, sc(), LinearVectorModel.class.getName());
        Row numbers = ExactFiles.parquet(sparkSession(), new Path(dataPath(path))).head();
        LinearVectorModel model =
            new LinearVectorModel(
                metadata.uid(),
                numbers.<Vector>getAs("mean").toArray(),
                numbers.<Matrix>getAs("matrix").toArray());
        metadata.getAndSetParams(model, Option.empty());
        return model;
      }
    };
  }

  private static String dataPath(String path) {
    return new Path(path, "data").toString();
  }

  public static LinearVectorModel load(String path) {
    return read().load(path);
  }
}
