package io.embark.spark.executor;

import io.embark.model.store.ModelStore;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.apache.spark.SparkFiles;
import org.apache.spark.deploy.SparkHadoopUtil;
import org.apache.spark.sql.SparkSession;

/** The models that this driver or executor can reach, with Spark's own settings and files. */
final class HostModels {
  /** Sources of what a cluster manager unpacks for executors only, when the driver is elsewhere. */
  private static final List<String> SENT =
      List.of("spark.archives", "spark.yarn.dist.archives", "spark.files", "spark.yarn.dist.files");

  private HostModels() {}

  static ModelStore store() {
    return ModelStore.ofThisHost(hadoop()).withSparkFiles(HostModels::places);
  }

  /**
   * The driver's as its code may have changed it; an executor's from {@code spark.hadoop.*}, which
   * is all that Spark sends there.
   */
  private static Configuration hadoop() {
    var session = SparkSession.getDefaultSession();
    if (session.isDefined() && !session.get().sparkContext().isStopped()) {
      return session.get().sparkContext().hadoopConfiguration();
    }
    return SparkEnv.get() == null
        ? SparkHadoopUtil.get().conf()
        : SparkHadoopUtil.get().newConfiguration(SparkEnv.get().conf());
  }

  /** Where a file that Spark distributed may be in this JVM. */
  private static List<String> places(String name) {
    List<String> places = new ArrayList<>();
    SparkEnv env = SparkEnv.get();
    if (env != null) {
      places.add(SparkFiles.get(name));
    }
    // YARN and Kubernetes put them into the container's working directory.
    places.add(Path.of(name).toAbsolutePath().toString());
    if (env != null) {
      places.addAll(sent(name, env.conf()));
    }
    return places;
  }

  /** What the user told Spark to send under a name: {@code URI#NAME}, or a URI that ends in it. */
  static List<String> sent(String name, SparkConf conf) {
    List<String> found = new ArrayList<>();
    for (String key : SENT) {
      for (String uri : conf.get(key, "").split(",")) {
        String plain = uri.strip();
        int alias = plain.lastIndexOf('#');
        String source = alias < 0 ? plain : plain.substring(0, alias);
        String called = plain.substring(alias < 0 ? source.lastIndexOf('/') + 1 : alias + 1);
        if (!plain.isEmpty() && called.equals(name)) {
          found.add(source);
        }
      }
    }
    return found;
  }
}
