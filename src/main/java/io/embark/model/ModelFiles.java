package io.embark.model;

import io.embark.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * The files that make a model, told from what there is. A directory as published often also holds
 * the weights in other formats and graphs of other precisions, several times the size of what is
 * used.
 *
 * <p>Paths are relative to the model, with {@code /} between their parts.
 *
 * @param weights the graph, or the matrix of a static model
 * @param isStatic whether the weights are a matrix of tokens and no graph
 * @param tokenizer the {@code tokenizer.json}
 * @param transformerFolder where the first module has its {@code config.json} and kin; empty for
 *     the model's own folder
 * @param modules what {@code modules.json} says of folders
 */
public record ModelFiles(
    String weights,
    boolean isStatic,
    String tokenizer,
    String transformerFolder,
    ModuleList modules) {
  public static final String TOKENIZER = "tokenizer.json";
  static final String SAFETENSORS = "model.safetensors";
  static final String PICKLE = "pytorch_model.bin";

  /** The first module's folder by the names that sentence-transformers gives. */
  private static final String FIRST_MODULE = "0_[^/]*";

  /** Weights of other frameworks and texts for people; never what a graph points to. */
  private static final Set<String> OF_NO_USE =
      Set.of("safetensors", "h5", "msgpack", "ot", "pt", "pth", "gguf", "mlmodel", "md", "py");

  /**
   * Those of a directory of this host; links are followed.
   *
   * @param modelFile as in {@link #of}
   * @throws UserError as there, and if {@code modules.json} is no list of modules
   */
  public static ModelFiles in(Path directory, String modelFile, String name) throws IOException {
    ModuleList modules = ModuleList.in(directory, name);
    return of(
        file -> Files.isRegularFile(directory.resolve(file)),
        () -> LocalFiles.below(directory),
        modules,
        modelFile,
        name);
  }

  /**
   * Those among the files of a model.
   *
   * @param all every file, asked for only where the usual places do not do
   * @param modelFile the graph as the user named it, relative to the model or by a file name that
   *     only one graph has; null to look in the usual places
   * @throws UserError if weights or tokenizer are missing, with what was found
   */
  public static ModelFiles of(
      Predicate<String> exists,
      Supplier<? extends Collection<String>> all,
      ModuleList modules,
      String modelFile,
      String name) {
    Candidates found = new Candidates(exists, all, name);
    if (modules.staticEmbedding().isPresent()) {
      String folder = modules.staticEmbedding().get();
      String matrix = found.matrix(folder, modelFile);
      return new ModelFiles(matrix, true, found.tokenizer(List.of(folder, "")), folder, modules);
    }
    String folder = modules.transformer().orElseGet(() -> found.firstModule(modules));
    String graph = found.graph(folder, modelFile);
    String beside = folder(graph);
    List<String> places =
        modelFile == null ? List.of(folder, "", beside) : List.of(beside, folder, "");
    return new ModelFiles(graph, false, found.tokenizer(places), folder, modules);
  }

  /** Whether a folder's name is that of a first module: its model is one folder up. */
  public static boolean isFirstModule(String folder) {
    return folder.matches(FIRST_MODULE);
  }

  /** The folder of a file, empty for the model's own. */
  public static String folder(String file) {
    return file.substring(0, Math.max(0, file.lastIndexOf('/')));
  }

  /** A file of a folder, which is empty for the model's own. */
  public static String in(String folder, String file) {
    return folder.isEmpty() ? file : folder + "/" + file;
  }

  /** Whether a file holds weights or settings: needed whatever the graph says. */
  public boolean certain(String file) {
    String folder = folder(file);
    String fileName = file.substring(folder.isEmpty() ? 0 : folder.length() + 1);
    boolean ofSettings =
        folder.isEmpty()
            || folder.equals(transformerFolder)
            || folder.equals(folder(tokenizer))
            || folder.equals(folder(weights));
    boolean settings =
        fileName.endsWith(".json") && !fileName.endsWith(".index.json")
            || fileName.equals("chat_template.jinja");
    return file.equals(weights)
        || ofSettings && settings
        || file.endsWith("/config.json")
        || fileName.equals(SAFETENSORS) && modules.laterFolders().contains(folder);
  }

  /**
   * Modules' weights in Python's own format, which nobody but Python reads, where there are no
   * others.
   */
  public List<String> pickles(Predicate<String> exists) {
    return modules.laterFolders().stream()
        .filter(folder -> !exists.test(in(folder, SAFETENSORS)))
        .map(folder -> in(folder, PICKLE))
        .filter(exists)
        .toList();
  }

  /** Whether a file may hold weights that the graph points to. */
  public boolean possible(String file, Collection<String> all) {
    String folder = weights.substring(0, weights.lastIndexOf('/') + 1);
    if (isStatic || !file.startsWith(folder) || file.endsWith(Candidates.ONNX)) {
      return false;
    }
    String fileName = file.substring(file.lastIndexOf('/') + 1);
    String extension = fileName.substring(fileName.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
    // model_fp16.onnx_data belongs to model_fp16.onnx.
    boolean ofAnotherGraph =
        !file.startsWith(weights)
            && all.stream()
                .anyMatch(other -> other.endsWith(Candidates.ONNX) && file.startsWith(other));
    return !OF_NO_USE.contains(extension)
        && !fileName.startsWith("pytorch_model")
        && !fileName.startsWith("openvino_")
        && !ofAnotherGraph;
  }

  /** A path that weights have relative to the graph, relative to the model; null if outside. */
  public String besideGraph(String location) {
    // A part "." leads nowhere, and "./w.bin" is w.bin.
    String plain = location.replaceAll("(?<=^|/)(\\./)+", "");
    boolean outside = Stream.of(plain.split("/", -1)).anyMatch(List.of("", ".", "..")::contains);
    return outside ? null : in(folder(weights), plain);
  }

  /** Files in words, the first twenty. */
  static String inWords(Collection<String> names) {
    if (names.isEmpty()) {
      return "an empty directory";
    }
    String first = String.join(", ", names.stream().sorted().limit(20).toList());
    return names.size() > 20 ? first + " and %d more".formatted(names.size() - 20) : first;
  }
}
