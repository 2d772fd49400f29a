package io.embark.analysis.cluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.hadoop.fs.Path;
import org.apache.spark.ml.Model;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.DefaultParamsReader$;
import org.apache.spark.ml.util.DefaultParamsWriter$;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.ml.util.MLWritable;
import org.apache.spark.ml.util.MLWriter;
import scala.Option;

/** How clusters are saved: our params as Spark saves them, and MLlib's model beside them. */
final class ClusterModelFiles {
  private static final String MODEL = "model";

  private ClusterModelFiles() {}

  static final class Writer extends MLWriter {
    private final ClusterModel model;

    Writer(ClusterModel model) {
      this.model = model;
    }

    @Override
    public void saveImpl(String path) {
      DefaultParamsWriter$.MODULE$.saveMetadata(model, path, sc(), Option.empty(), Option.empty());
      try {
        ((MLWritable) model.model()).write().save(new Path(path, MODEL).toString());
      } catch (IOException e) {
        throw new UncheckedIOException(e.getMessage(), e);
      }
    }
  }

  static final class Reader extends MLReader<ClusterModel> {
    @Override
    public ClusterModel load(String path) {
      // Any class name: older models carry that of io.embark.clustering.ClusterModel.
      DefaultParamsReader.Metadata metadata =
          DefaultParamsReader$.MODULE$.loadMetadata(path, sc(), "");
      Model<?> theirs =
          DefaultParamsReader$.MODULE$.<Model<?>>loadParamsInstance(
              new Path(path, MODEL).toString(), sc());
      ClusterModel model = new ClusterModel(metadata.uid(), theirs);
      metadata.getAndSetParams(model, Option.empty());
      return model;
    }
  }
}
