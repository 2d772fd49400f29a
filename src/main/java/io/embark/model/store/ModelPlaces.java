package io.embark.model.store;

import io.embark.UserError;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.apache.hadoop.conf.Configuration;

/**
 * Understands how a user names a model.
 *
 * @param sparkFiles where a file that Spark distributed may be, best first; null without Spark
 */
record ModelPlaces(
    Configuration hadoop, Retries retries, Function<String, List<String>> sparkFiles) {
  private static final String BUILTIN = "builtin:";
  private static final String CLASS_PATH = "classpath:";
  private static final String SPARK_FILES = "spark-files:";
  private static final String ONNX = ".onnx";

  ModelPlaces withSparkFiles(Function<String, List<String>> places) {
    return new ModelPlaces(hadoop, retries, places);
  }

  /**
   * @throws UserError if there is no such model, as far as that can be told without a network
   */
  ModelPlace find(String uri, String modelFile) throws IOException {
    if (startsWith(uri, BUILTIN)) {
      BuiltinModel builtin = BuiltinModel.of(uri.substring(BUILTIN.length()));
      return new ModelPlace(builtin.identity(), null, builtin, modelFile);
    }
    String place = uri;
    String graph = modelFile;
    if (uri.endsWith(ONNX)) {
      int scheme = startsWith(uri, CLASS_PATH) ? CLASS_PATH.length() : 0;
      int fileName = Math.max(uri.lastIndexOf('/') + 1, scheme);
      place = fileName == 0 ? "." : uri.substring(0, fileName);
      graph = uri.substring(fileName);
    }
    if (startsWith(uri, CLASS_PATH)) {
      return onClassPath(place.substring(CLASS_PATH.length()), graph, uri);
    }
    if (startsWith(uri, SPARK_FILES)) {
      return fromSpark(place.substring(SPARK_FILES.length()), graph, uri);
    }
    Path local = localPath(place);
    return local == null ? remote(place, graph, uri) : here(local, graph, uri);
  }

  private static boolean startsWith(String uri, String scheme) {
    return uri.regionMatches(true, 0, scheme, 0, scheme.length());
  }

  private ModelPlace here(Path path, String modelFile, String name) throws IOException {
    if (Files.isRegularFile(path)
        && ArchiveTree.Format.of(path.getFileName().toString()).isPresent()) {
      return new ModelPlace(name, null, PackedModel.local(path, name), modelFile);
    }
    return new ModelPlace(name, path, null, modelFile);
  }

  private ModelPlace onClassPath(String path, String modelFile, String name) throws IOException {
    String resource = path.replaceAll("^/+|/+$", "");
    if (ArchiveTree.Format.of(resource).isPresent()) {
      return new ModelPlace(name, null, ClassPathModel.packed(resource, name), modelFile);
    }
    Optional<Path> inPlace = ClassPathModel.inPlace(resource, name);
    return inPlace.isPresent()
        ? new ModelPlace(name, inPlace.get(), null, modelFile)
        : new ModelPlace(name, null, ClassPathModel.inJar(resource, name), modelFile);
  }

  private ModelPlace fromSpark(String path, String modelFile, String name) throws IOException {
    String plain = path.replaceAll("^/+|/+$", "");
    int slash = plain.indexOf('/');
    String file = slash < 0 ? plain : plain.substring(0, slash);
    String below = slash < 0 ? "" : plain.substring(slash);
    if (sparkFiles == null) {
      throw new UserError(
          "Model %s: Spark distributes such files, and there is no Spark here.".formatted(name));
    }
    List<String> places = sparkFiles.apply(file);
    for (String place : places) {
      Path local = localPath(place);
      if (local == null) {
        return remote(place + below, modelFile, name);
      }
      Path found = Path.of(local + below);
      if (Files.exists(found)) {
        return here(SparkFolder.modelIn(found), modelFile, name);
      }
    }
    throw new UserError(
        ("Model %s: Spark has distributed no '%s' here; looked at %s. Send it with --files FILE or"
                + " --archives ARCHIVE#%s; the name is the file's, or what follows the '#'.")
            .formatted(name, file, String.join(", ", places), file));
  }

  private ModelPlace remote(String uri, String modelFile, String name) throws IOException {
    HadoopFiles files = new HadoopFiles(uri, hadoop, retries);
    if (ArchiveTree.Format.of(uri).isPresent()) {
      return new ModelPlace(name, null, new PackedModel(name, uri, files), modelFile);
    }
    return new ModelPlace(name, null, new HadoopTree(uri, files), modelFile);
  }

  /** The path of a local model, or null if the URI names another file system. */
  private static Path localPath(String uri) {
    int colon = uri.indexOf(':');
    // A single letter before the colon is a Windows drive.
    if (colon < 2 || uri.indexOf('/') < colon && uri.indexOf('/') >= 0) {
      return Path.of(uri);
    }
    if (startsWith(uri, "file:")) {
      // As Hadoop reads it, a percent sign is itself; as Java writes it, it escapes.
      String path = uri.substring(5).replaceFirst("^//[^/]*", "");
      return Files.exists(Path.of(path)) || !path.contains("%")
          ? Path.of(path)
          : Path.of(URLDecoder.decode(path.replace("+", "%2B"), StandardCharsets.UTF_8));
    }
    return null;
  }
}
