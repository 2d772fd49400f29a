package io.embark.onnx;

import ai.onnxruntime.OrtEnvironment;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URL;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Refuses more than one ONNX Runtime on the class path, as other libraries for Spark bring their
 * own. Java takes each class and native library from whichever jar comes first, which fails far
 * from its cause.
 */
public final class OnnxRuntimeJars {
  private static final Logger LOG = LoggerFactory.getLogger(OnnxRuntimeJars.class);
  private static final String UNKNOWN = "unknown";
  private static final String CLASS = OrtEnvironment.class.getName().replace('.', '/') + ".class";

  private OnnxRuntimeJars() {}

  record Found(String jar, String version) {
    @Override
    public String toString() {
      return "%s (version %s)".formatted(jar, version);
    }
  }

  /** Runs once per JVM, when it is first needed; what it threw then stays thrown. */
  private static final class Checked {
    private static final String PROBLEM = problem(found(OrtEnvironment.class.getClassLoader()));
  }

  /**
   * Refuses two versions; warns of one version in two jars.
   *
   * @throws IllegalStateException naming the jars, the one in use and the way out
   */
  public static void requireOne() {
    if (Checked.PROBLEM != null) {
      throw new IllegalStateException(Checked.PROBLEM);
    }
  }

  /** The jars, one wanted, that hold ONNX Runtime's classes; the same in two places are two. */
  public static List<String> jars() throws IOException {
    return Collections.list(OrtEnvironment.class.getClassLoader().getResources(CLASS)).stream()
        .map(url -> jar(place(url)))
        .distinct()
        .toList();
  }

  /** The reason that these cannot go together, or null if they can. */
  static String problem(List<Found> found) {
    if (found.size() < 2) {
      return null;
    }
    Set<String> versions = new TreeSet<>(found.stream().map(Found::version).toList());
    String jars = String.join("; ", found.stream().map(Found::toString).toList());
    if (versions.size() > 1 || versions.contains(UNKNOWN)) {
      return ("Found %d ONNX Runtimes on the class path, and want one: %s. In use would be the"
              + " first. Take the others off it (spark.jars, spark.jars.packages,"
              + " spark.*.extraClassPath, $SPARK_HOME/jars), or run Embark in an application of its"
              + " own.")
          .formatted(found.size(), jars);
    }
    LOG.warn(
        "ONNX Runtime {} is on the class path {} times: {}. The first is used; if that is the build"
            + " without CUDA, no GPU is.",
        found.get(0).version(),
        found.size(),
        jars);
    return null;
  }

  /** The places that {@code loader} would take ONNX Runtime from, the one in use first. */
  static List<Found> found(ClassLoader loader) {
    Map<String, Found> byName = new LinkedHashMap<>();
    try {
      for (URL url : Collections.list(loader.getResources(CLASS))) {
        String place = place(url);
        String jar = jar(place);
        // The same jar twice, sent by Spark and on a class path, does no harm.
        byName.putIfAbsent(jar.substring(jar.lastIndexOf('/') + 1), new Found(jar, version(place)));
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot look for ONNX Runtime on the class path", e);
    }
    return new ArrayList<>(byName.values());
  }

  /** The address of the folder, which may be a jar's root, that the class lies below. */
  private static String place(URL url) {
    return url.toString().substring(0, url.toString().length() - CLASS.length());
  }

  private static String jar(String place) {
    return place.replaceFirst("^jar:", "").replaceFirst("!?/$", "");
  }

  private static String version(String place) throws IOException {
    try (InputStream in = URI.create(place + JarFile.MANIFEST_NAME).toURL().openStream()) {
      Attributes main = new Manifest(in).getMainAttributes();
      String version = main.getValue(Attributes.Name.IMPLEMENTATION_VERSION);
      // A jar of many libraries bears the version of something else.
      boolean itsOwn = "onnxruntime".equals(main.getValue(Attributes.Name.IMPLEMENTATION_TITLE));
      return itsOwn && version != null ? version : UNKNOWN;
    } catch (java.io.FileNotFoundException e) {
      return UNKNOWN;
    }
  }
}
