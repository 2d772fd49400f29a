package io.embark.model.store;

import io.embark.UserError;
import io.embark.model.ModelFiles;
import io.embark.model.ModuleList;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;

/**
 * Finds a model by the name that a user gives it.
 *
 * @param host where models lie that others put on this host
 * @param sparkFiles where a file that Spark distributed may be, best first; null without Spark
 */
record ModelPlaces(
    Configuration hadoop,
    Retries retries,
    HostFolders host,
    Function<String, List<String>> sparkFiles) {
  private static final String BUILTIN = "builtin:";
  private static final String CLASS_PATH = "classpath:";
  private static final String SPARK_FILES = "spark-files:";
  private static final String ONNX = ".onnx";

  /**
   * A model in a directory of this host, or one to be copied.
   *
   * @param name the model as messages and metadata call it
   * @param directory null if it has to be copied
   * @param source null if it lies here
   * @param modelFile the graph relative to the model's directory; null for the usual places
   */
  record Place(String name, Path directory, ModelSource source, String modelFile) {}

  /**
   * @throws UserError if there is no such model, as far as that can be told without a network
   */
  Place find(String uri, String modelFile) throws IOException {
    if (uri.endsWith(ONNX) && modelFile != null && !uri.endsWith(modelFile)) {
      throw new UserError(
          ("Model %s is a graph itself, and model-file names another one, %s. Leave one out, or give"
                  + " the model's directory.")
              .formatted(uri, modelFile));
    }
    try {
      return parse(uri, modelFile);
    } catch (UserError e) {
      throw e;
    } catch (IllegalArgumentException e) {
      // A path or URI whose syntax the JDK or Hadoop refuses.
      throw new UserError("Model %s: %s".formatted(uri, e.getMessage()), e);
    }
  }

  private Place parse(String uri, String modelFile) throws IOException {
    if (startsWith(uri, BUILTIN)) {
      BuiltinModel builtin = BuiltinModel.of(uri.substring(BUILTIN.length()));
      BuiltinSource source = new BuiltinSource(builtin, host.builtins(), ClassPathModel::resource);
      return new Place(builtin.identity(), null, source, modelFile);
    }
    if (startsWith(uri, CLASS_PATH)) {
      return onClassPath(uri.substring(CLASS_PATH.length()), modelFile, uri);
    }
    if (startsWith(uri, SPARK_FILES)) {
      return fromSpark(uri.substring(SPARK_FILES.length()), modelFile, uri);
    }
    Path local = localPath(uri);
    if (local == null) {
      return remote(uri, modelFile, uri);
    }
    return Files.exists(local) ? here(local, modelFile, uri) : byName(uri, local, modelFile);
  }

  /** What is no file of this host may be the name of a model elsewhere. */
  private Place byName(String uri, Path local, String modelFile) throws IOException {
    if (uri.endsWith(ONNX) || ArchiveTree.Format.of(uri).isPresent()) {
      return here(local, modelFile, uri);
    }
    Optional<HubName> hub = HubName.of(uri);
    if (hub.isPresent()) {
      return new Place(uri, hub.get().find(host.hub(), modelFile), null, modelFile);
    }
    Optional<BuiltinModel> builtin = BuiltinModel.called(uri);
    if (builtin.isPresent()) {
      throw new UserError(
          ("Model %s does not exist: there is no directory %s. The built-in model of that name is"
                  + " called %s.")
              .formatted(uri, local.toAbsolutePath(), builtin.get().identity()));
    }
    if (HubName.isLastPart(uri)) {
      throw new UserError(
          ("Model %s does not exist: there is no directory %s. If it is a model on the Hugging Face"
                  + " hub, give its whole name, as in sentence-transformers/%s. %s")
              .formatted(uri, local.toAbsolutePath(), uri, HubName.waysOut("ORG/" + uri, "")));
    }
    return here(local, modelFile, uri);
  }

  private static boolean startsWith(String uri, String scheme) {
    return uri.regionMatches(true, 0, scheme, 0, scheme.length());
  }

  private static Place here(Path path, String modelFile, String name) throws IOException {
    if (path.toString().endsWith(ONNX) && !Files.isDirectory(path)) {
      String file = path.toAbsolutePath().normalize().toString();
      String plain = file.replace(path.getFileSystem().getSeparator(), "/");
      NamedGraph named = NamedGraph.of(plain, f -> Files.isRegularFile(Path.of(f)), name);
      return new Place(name, Path.of(named.model() + "/"), null, named.graph());
    }
    return Files.isRegularFile(path)
            && ArchiveTree.Format.of(path.getFileName().toString()).isPresent()
        ? new Place(name, null, PackedModel.local(path, name), modelFile)
        : new Place(name, path, null, modelFile);
  }

  private static Place onClassPath(String path, String modelFile, String name) throws IOException {
    String resource = path.replaceAll("^/+|/+$", "");
    if (ArchiveTree.Format.of(resource).isPresent()) {
      return new Place(name, null, ClassPathModel.packed(resource, name), modelFile);
    }
    if (resource.endsWith(ONNX)) {
      NamedGraph named =
          NamedGraph.of(
              "/" + resource, file -> ClassPathModel.resource(file.substring(1)) != null, name);
      return folderOnClassPath(named.model().replaceFirst("^/", ""), named.graph(), name);
    }
    return folderOnClassPath(resource, modelFile, name);
  }

  private static Place folderOnClassPath(String resource, String modelFile, String name)
      throws IOException {
    Optional<Path> inPlace = ClassPathModel.inPlace(resource, name);
    return inPlace.isPresent()
        ? new Place(name, inPlace.get(), null, modelFile)
        : new Place(name, null, ClassPathModel.inJar(resource, name), modelFile);
  }

  private Place fromSpark(String path, String modelFile, String name) throws IOException {
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
      if (!Files.exists(found) && Files.isDirectory(local)) {
        found = Path.of(modelIn(local) + below);
      }
      if (Files.exists(found)) {
        return here(modelIn(found), modelFile, name);
      }
    }
    throw new UserError(
        ("Model %s: Spark has distributed no '%s' here; looked at %s. Send it with --files FILE or"
                + " --archives ARCHIVE#%s; the name is the file's, or what follows the '#'.")
            .formatted(name, file, String.join(", ", places), file));
  }

  /** The model in a folder that Spark unpacked, often the only folder inside it. */
  private static Path modelIn(Path folder) throws IOException {
    if (!Files.isDirectory(folder) || isModel(folder)) {
      return folder;
    }
    try (Stream<Path> below = Files.list(folder)) {
      List<Path> models = below.filter(ModelPlaces::isModel).toList();
      return models.size() == 1 ? models.get(0) : folder;
    }
  }

  private static boolean isModel(Path folder) {
    return Files.exists(folder.resolve(ModelFiles.TOKENIZER))
        || Files.exists(folder.resolve(ModuleList.FILE));
  }

  private Place remote(String uri, String modelFile, String name) {
    if (WebArchive.isOne(uri)) {
      return new Place(name, null, WebArchive.of(uri, retries).model(), modelFile);
    }
    if (uri.endsWith(ONNX)) {
      // Its copy holds no other graph: the name is enough to find it there.
      String fileName = uri.substring(uri.lastIndexOf('/') + 1);
      return new Place(name, null, new RemoteGraph(uri, hadoop, retries), fileName);
    }
    HadoopFiles files = new HadoopFiles(uri, new org.apache.hadoop.fs.Path(uri), hadoop, retries);
    ModelSource source =
        ArchiveTree.Format.of(uri).isPresent()
            ? new PackedModel(name, uri, files::state, files::fetch, true)
            : new TreeModel(uri, uri.replaceAll("/+$", ""), files, true);
    return new Place(name, null, source, modelFile);
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
