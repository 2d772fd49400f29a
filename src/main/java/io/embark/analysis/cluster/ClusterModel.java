package io.embark.analysis.cluster;

import io.embark.Choice;
import io.embark.UserError;
import io.embark.embed.VectorProvenance;
import io.embark.spark.VectorColumn;
import io.embark.spark.column.ColumnProvenance;
import io.embark.spark.column.Columns;
import io.embark.spark.path.SavedParams;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import org.apache.hadoop.fs.Path;
import org.apache.spark.ml.Model;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.param.IntArrayParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.DefaultParamsReader$;
import org.apache.spark.ml.util.DefaultParamsWriter$;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.ml.util.MLWritable;
import org.apache.spark.ml.util.MLWriter;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import scala.Option;

/**
 * Adds to each row the cluster of its vector and the distance to that cluster's centre. The vectors
 * are those of an embedded table, stored as any type; rows whose vector is null or all zeros get
 * null for both. Clusters are numbered from 0, the one with the most rows at training first.
 */
public final class ClusterModel extends Model<ClusterModel> implements MLWritable {
  private static final long serialVersionUID = 1;

  private static final StructType ASSIGNED =
      StructType.fromDDL("cluster INT, distance DOUBLE, similarity DOUBLE");

  private final String uid;
  private final Model<?> model;

  /** Wraps MLlib's model of k-means or bisecting k-means. */
  ClusterModel(String uid, Model<?> model) {
    this.uid = uid;
    this.model = model;
    setDefault(inputCol(), "embedding");
    setDefault(clusterCol(), "cluster");
    setDefault(distanceCol(), "distance");
    setDefault(distanceMeasure(), DistanceMeasure.COSINE.label());
  }

  @Override
  public String uid() {
    return uid;
  }

  public Param<String> inputCol() {
    return new Param<>(uid, "inputCol", "column of vectors that Embark wrote");
  }

  public ClusterModel setInputCol(String column) {
    return (ClusterModel) set(inputCol(), column);
  }

  public Param<String> clusterCol() {
    return new Param<>(uid, "clusterCol", "column for the number of the cluster");
  }

  public ClusterModel setClusterCol(String column) {
    return (ClusterModel) set(clusterCol(), column);
  }

  public Param<String> distanceCol() {
    return new Param<>(uid, "distanceCol", "column for the distance to its centre");
  }

  public ClusterModel setDistanceCol(String column) {
    return (ClusterModel) set(distanceCol(), column);
  }

  public Param<String> similarityCol() {
    return new Param<>(
        uid, "similarityCol", "column for the cosine to the centre; none if not set");
  }

  public ClusterModel setSimilarityCol(String column) {
    return (ClusterModel) set(similarityCol(), column);
  }

  public Param<String> distanceMeasure() {
    return new Param<>(uid, "distanceMeasure", "cosine or euclidean");
  }

  public Param<String> madeBy() {
    return new Param<>(uid, "madeBy", "what made the vectors that the model was trained on");
  }

  public IntArrayParam order() {
    return new IntArrayParam(this, "order", "for each of MLlib's numbers the cluster's number");
  }

  ClusterModel trainedOn(String vectorsMadeBy, DistanceMeasure distance, int[] numbers) {
    set(distanceMeasure(), distance.label());
    set(madeBy(), vectorsMadeBy);
    set(order(), numbers);
    return this;
  }

  Model<?> model() {
    return model;
  }

  /** The number of clusters; less than was asked for where vectors are too few. */
  public int clusters() {
    return centres().length;
  }

  /** {@code [clusters][dimension]}, by number. */
  public Vector[] centres() {
    Vector[] theirs = Algorithm.centres(model);
    int[] numbers = getOrDefault(order());
    Vector[] centres = new Vector[theirs.length];
    for (int i = 0; i < theirs.length; i++) {
      centres[numbers[i]] = theirs[i];
    }
    return centres;
  }

  /** The params of the columns that are added, in the order of {@link #ASSIGNED}. */
  private List<Param<String>> added() {
    return isSet(similarityCol())
        ? List.of(clusterCol(), distanceCol(), similarityCol())
        : List.of(clusterCol(), distanceCol());
  }

  @Override
  public StructType transformSchema(StructType schema) {
    String input = getOrDefault(inputCol());
    VectorProvenance made = ColumnProvenance.of(schema, input);
    if (isSet(madeBy()) && !made.isMadeAs(getOrDefault(madeBy()))) {
      throw new UserError(
          ("Column '%s' holds vectors that were made differently from those that the clusters were"
                  + " found on: found %s, wanted %s.")
              .formatted(input, made.essence(), getOrDefault(madeBy())));
    }
    StructType result = schema;
    for (Param<String> added : added()) {
      String name = getOrDefault(added);
      if (Arrays.stream(schema.fieldNames()).anyMatch(name::equalsIgnoreCase)) {
        throw new UserError(
            "There is a column '%s' already; choose another name with %s."
                .formatted(name, added.name()));
      }
      StructField like = ASSIGNED.fields()[result.length() - schema.length()];
      result = result.add(name, like.dataType());
    }
    return result;
  }

  @Override
  public Dataset<Row> transform(Dataset<?> dataset) {
    String input = getOrDefault(inputCol());
    VectorColumn vectors = Features.reader(dataset.schema(), input);
    Model<?> theirs = model;
    int[] numbers = getOrDefault(order());
    Vector[] centres = centres();
    DistanceMeasure measure = Choice.of(DistanceMeasure.class, getOrDefault(distanceMeasure()));
    UDF1<Row, Row> assign =
        row -> {
          float[] values = vectors.read(row);
          Vector vector = values == null ? null : Features.dense(values);
          if (vector == null || vector.numNonzeros() == 0) {
            return null;
          }
          int cluster = numbers[Algorithm.predict(theirs, vector)];
          return RowFactory.create(
              cluster,
              measure.distance(vector, centres[cluster]),
              DistanceMeasure.cosine(vector, centres[cluster]));
        };
    String assigned = Columns.free("assigned", transformSchema(dataset.schema()).fieldNames());
    // As nondeterministic it is computed once, not once for each field.
    Column computed =
        functions.udf(assign, ASSIGNED).asNondeterministic().apply(Features.struct(input));
    Dataset<Row> rows = dataset.toDF().withColumn(assigned, computed);
    List<Param<String>> added = added();
    for (int i = 0; i < added.size(); i++) {
      Column field = functions.col(assigned).getField(ASSIGNED.fieldNames()[i]);
      rows = rows.withColumn(getOrDefault(added.get(i)), field);
    }
    return rows.drop(assigned);
  }

  @Override
  public ClusterModel copy(ParamMap extra) {
    return copyValues(new ClusterModel(uid, model), extra).setParent(parent());
  }

  /** Saves the params as Spark does, and MLlib's model beside them. */
  @Override
  public MLWriter write() {
    ClusterModel saved = this;
    return new MLWriter() {
      @Override
      public void saveImpl(String path) {
        DefaultParamsWriter$.MODULE$.saveMetadata(
            saved, path, sc(), Option.empty(), Option.empty());
        try {
          ((MLWritable) model).write().save(modelPath(path));
        } catch (IOException e) {
          throw new UncheckedIOException(e.getMessage(), e);
        }
      }
    };
  }

  /** The reader that Spark finds by this name. */
  public static MLReader<ClusterModel> read() {
    return new MLReader<>() {
      @Override
      public ClusterModel load(String path) {
        DefaultParamsReader.Metadata metadata = SavedParams.read(path, sc(), "");
        // Also io.embark.clustering.ClusterModel, its name before.
        if (!metadata.className().endsWith("." + ClusterModel.class.getSimpleName())) {
          throw new UserError(
              "%s holds a %s, wanted a %s; a pipeline is loaded by PipelineModel.load."
                  .formatted(path, metadata.className(), ClusterModel.class.getName()));
        }
        Model<?> theirs =
            DefaultParamsReader$.MODULE$.loadParamsInstance(
                SavedParams.pattern(modelPath(path)), sc());
        ClusterModel model = new ClusterModel(metadata.uid(), theirs);
        metadata.getAndSetParams(model, Option.empty());
        return model;
      }
    };
  }

  /** Loads a model that {@link #write()} saved. */
  public static ClusterModel load(String path) {
    return read().load(path);
  }

  private static String modelPath(String path) {
    return new Path(path, "model").toString();
  }
}
