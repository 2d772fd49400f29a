package io.embark.model;

import io.embark.UserError;
import io.embark.json.JsonFile;
import io.embark.onnx.graph.GraphSignature;
import io.embark.onnx.graph.GraphTraits;
import io.embark.pooling.Layers;
import io.embark.pooling.Norm;
import io.embark.pooling.Pooling;
import io.embark.pooling.VectorModule;
import io.embark.token.TokenizerFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A model directory of the Hugging Face or sentence-transformers layout. Only the graph and {@code
 * tokenizer.json} must be there; the rest are the model's own settings, absent where it has none.
 *
 * @param name the model as the user named it
 * @param onnxFile the graph; of a static model its matrix
 * @param isStatic whether it looks tokens up in a matrix rather than running a graph
 * @param traits what its files say of the graph
 * @param wishes what its files say of how it wants to be run
 * @param padTokenId the id that fills up short rows
 * @param sentenceModel whether it says it is a sentence-embedding model
 */
public record ModelDirectory(
    String name,
    Path onnxFile,
    boolean isStatic,
    TokenizerFiles tokenizer,
    GraphTraits traits,
    ModelWishes wishes,
    long padTokenId,
    boolean sentenceModel) {

  private static final Logger LOG = LoggerFactory.getLogger(ModelDirectory.class);

  /** Files of sentence-transformers that mean nothing to it without the list of modules. */
  static final List<String> BESIDE_LIST =
      Stream.concat(
              Stream.of("1_Pooling/config.json", SentenceTransformersConfig.FILE),
              TransformerModule.FILES.stream())
          .toList();

  /** What PEFT writes beside weights that go on top of a base model's. */
  private static final String ADAPTER = "adapter_config.json";

  /** A directory is read again and again. */
  private static final Set<Path> WARNED = ConcurrentHashMap.newKeySet();

  /** A value and the model's file it was found in, for example {@code 1_Pooling/config.json}. */
  public record Sourced<T>(T value, String source) {}

  /**
   * Reads a directory.
   *
   * @param modelFile the graph relative to the directory, or null for the usual places
   * @throws IOException if a file cannot be read
   * @throws UserError if graph or tokenizer is missing, or a file is broken or not understood
   */
  public static ModelDirectory read(Path directory, String modelFile, String name)
      throws IOException {
    if (Files.isRegularFile(directory)) {
      throw isFile(name);
    }
    if (!Files.isDirectory(directory)) {
      throw new UserError(
          "Model directory %s does not exist (asked for as '%s')."
              .formatted(directory.toAbsolutePath(), name));
    }
    requireModulesOfStatic(directory, name);
    warnOfLostList(directory, name);
    SentenceTransformersConfig prompts = SentenceTransformersConfig.read(directory, name);
    // Who has modules that Embark does not run need not look for a graph first.
    ModuleList.in(directory, name);
    SentenceTransformersModules modules = SentenceTransformersModules.read(directory, name);
    ModelFiles files = ModelFiles.in(directory, modelFile, name);
    requireNoAdapter(directory, files, modelFile, name);
    requireSettingsInPlace(directory, files, name);
    String settings = settingsFolder(directory, files);
    Path folder = directory.resolve(settings);
    String prefix = settings.isEmpty() ? "" : settings + "/";
    // Of a static model the library reads neither these nor what stands beside the tokenizer.
    TransformerConfig config =
        files.isStatic() ? TransformerConfig.NONE : TransformerConfig.read(folder, prefix);
    TransformerModule transformer =
        files.isStatic() ? TransformerModule.NONE : TransformerModule.read(folder, prefix);
    Path tokenizerJson = directory.resolve(files.tokenizer());
    TokenizerFiles tokenizer =
        files.isStatic()
            ? TokenizerFiles.of(tokenizerJson)
            : TokenizerFiles.read(
                tokenizerJson,
                folder,
                config.modelType(),
                config.tokenizerClass(),
                transformer.lowersCase());
    boolean chatTemplate =
        tokenizer.config().chatTemplate()
            || Files.isRegularFile(folder.resolve("chat_template.jinja"));
    return new ModelDirectory(
        name,
        directory.resolve(files.weights()),
        files.isStatic(),
        tokenizer,
        new GraphTraits(
            Optional.empty(), config.hiddenSize(), config.layers(), config.firstPosition()),
        ModelWishes.of(modules, config, transformer, prompts, tokenizer, chatTemplate, name),
        config.padTokenId(),
        modules.present());
  }

  /** sentence-transformers reads none of these without the list, and takes the plain mean. */
  private static void warnOfLostList(Path directory, String name) {
    List<String> found =
        Files.isRegularFile(directory.resolve(ModuleList.FILE))
            ? List.of()
            : BESIDE_LIST.stream()
                .filter(file -> Files.isRegularFile(directory.resolve(file)))
                .toList();
    if (!found.isEmpty() && WARNED.add(directory.toAbsolutePath())) {
      LOG.warn(
          "Model {} has no {}, but {}. Embark takes pooling, prompts and lengths of them;"
              + " sentence-transformers would not. If the list was lost, restore it: what stands"
              + " behind the pooling is not known without it.",
          name,
          ModuleList.FILE,
          String.join(", ", found));
    }
  }

  /** A graph beside it takes other inputs than a transformer's. */
  private static void requireModulesOfStatic(Path directory, String name) throws IOException {
    boolean listed = Files.isRegularFile(directory.resolve(ModuleList.FILE));
    JsonFile config = listed ? null : JsonFile.object(directory.resolve("config.json"));
    if (!listed && config.json("model_type").filter("\"model2vec\""::equals).isPresent()) {
      throw new UserError(
          ("Model %s is a static model (model_type model2vec in config.json) without %s, which says"
                  + " that its vectors are means of rows of its matrix, and whether they are"
                  + " normalised. Fetch that file from where the model is from.")
              .formatted(name, ModuleList.FILE));
    }
  }

  /** The library puts the adapter on; whether an export has it, the graph does not say. */
  private static void requireNoAdapter(
      Path directory, ModelFiles files, String modelFile, String name) {
    for (String folder : List.of("", files.transformerFolder())) {
      Path adapter = directory.resolve(folder).resolve(ADAPTER);
      if (modelFile == null && !files.isStatic() && Files.isRegularFile(adapter)) {
        throw new UserError(
            ("Model %s has an adapter (%s), and whether the graph %s was exported with it or is the"
                    + " base model's cannot be seen. If the adapter is in the graph, name the graph:"
                    + " --model-file %s")
                .formatted(name, adapter, files.weights(), files.weights()));
      }
    }
  }

  /** Where the transformer's settings are: beside the graph if everything of it is there. */
  private static String settingsFolder(Path directory, ModelFiles files) {
    String usual = files.transformerFolder();
    String beside = ModelFiles.folder(files.weights());
    Path config = directory.resolve(usual).resolve("config.json");
    boolean all =
        !files.isStatic()
            && !Files.isRegularFile(config)
            && ModelFiles.folder(files.tokenizer()).equals(beside)
            && Files.isRegularFile(directory.resolve(beside).resolve("config.json"));
    return all ? beside : usual;
  }

  /** Nothing reads what says how to pool in a folder below the model's own. */
  private static void requireSettingsInPlace(Path directory, ModelFiles files, String name) {
    String beside = ModelFiles.folder(files.weights());
    for (String file :
        List.of(ModuleList.FILE, "1_Pooling/config.json", SentenceTransformersConfig.FILE)) {
      if (!beside.isEmpty()
          && !beside.equals(files.transformerFolder())
          && !Files.isRegularFile(directory.resolve(file))
          && Files.isRegularFile(directory.resolve(beside).resolve(file))) {
        throw new UserError(
            ("Model %s has %s in its folder %s and not at its top, so the model is that folder: give"
                    + " it as the model, --model %s")
                .formatted(name, file, beside, directory.resolve(beside)));
      }
    }
  }

  public static UserError isFile(String name) {
    return new UserError(
        ("Model %s is a file; wanted a model directory, a file ending in .onnx, or an archive"
                + " (.zip, .tar.gz, .tgz, .tar).")
            .formatted(name));
  }

  public Path tokenizerJson() {
    return tokenizer.tokenizerJson();
  }

  /** The pooling the model was trained with; of several, their vectors are joined. */
  public Optional<Sourced<List<Pooling>>> poolings() {
    return wishes.poolings();
  }

  public Optional<Sourced<Layers>> layers() {
    return wishes.layers();
  }

  /** Whether the model's own pipeline normalises at its end. */
  public Optional<Sourced<Norm>> norm() {
    return wishes.norm();
  }

  /** Set if the model leaves the prompt's tokens out of its pooling. */
  public Optional<Sourced<Boolean>> excludePrompt() {
    return wishes.excludePrompt();
  }

  /** The most tokens per text, special tokens included. */
  public Optional<Sourced<Integer>> maxLength() {
    return wishes.maxLength();
  }

  /** The longest text the graph has learned positions for, special tokens included. */
  public Optional<Sourced<Integer>> positions() {
    return wishes.positions();
  }

  /** The model's prompts by name. */
  public Map<String, String> prompts() {
    return wishes.prompts();
  }

  /** Name of the prompt that goes before every text unless told otherwise. */
  public Optional<Sourced<String>> defaultPrompt() {
    return wishes.defaultPrompt();
  }

  /** Whether there are modules between the pooling and a normalisation at the end. */
  public boolean hasModules() {
    return !wishes.modules().isEmpty();
  }

  /** The modules behind the pooling, but for a normalisation at the end, by their names. */
  public List<String> moduleNames() {
    return wishes.modules().stream().map(ModuleFile::name).toList();
  }

  /**
   * Reads the modules behind the pooling with their weights.
   *
   * @throws UserError if weights are broken or not those that the configuration says
   */
  public List<VectorModule> modules() throws IOException {
    List<VectorModule> loaded = new ArrayList<>();
    for (ModuleFile module : wishes.modules()) {
      loaded.add(module.loader().load());
    }
    return loaded;
  }

  /** The graph's outputs, by what stands at its end; empty if that cannot be read. */
  public Optional<GraphSignature> signature() throws IOException {
    return isStatic ? Optional.empty() : GraphSignature.of(onnxFile);
  }

  /** SHA-256 over all of {@link #fileHashes}. */
  public String fingerprint() throws IOException {
    return fingerprint(fileHashes());
  }

  /** The fingerprint of files with these {@link #fileHashes}. */
  public String fingerprint(Map<String, String> hashes) {
    StringBuilder parts = new StringBuilder();
    String graph = onnxFile.getFileName().toString();
    String tokenizerName = tokenizerJson().getFileName().toString();
    hashes.forEach(
        (file, hash) ->
            parts
                .append(file.equals(graph) || file.equals(tokenizerName) ? "" : file)
                .append(hash));
    return Fingerprint.of(parts.toString());
  }

  /**
   * SHA-256 of the graph, its external data if any, the tokenizer and what changes it, and the
   * modules behind the pooling, by file name, in this order. The files are read once in this JVM,
   * and again when they have changed.
   */
  public Map<String, String> fileHashes() throws IOException {
    Map<String, String> hashes = new LinkedHashMap<>();
    hashes.put(onnxFile.getFileName().toString(), Fingerprint.of(onnxFile));
    for (String location : isStatic ? Set.<String>of() : ExternalData.of(onnxFile)) {
      Path file = onnxFile.resolveSibling(location);
      // A file that is missing is reported when the graph is opened.
      if (Files.isRegularFile(file)) {
        hashes.put(location, Fingerprint.of(file));
      }
    }
    hashes.put(tokenizerJson().getFileName().toString(), Fingerprint.of(tokenizerJson()));
    Optional<String> changes = tokenizer.changes();
    if (changes.isPresent()) {
      hashes.put(TokenizerFiles.CONFIG, Fingerprint.of(changes.get()));
    }
    for (ModuleFile module : wishes.modules()) {
      String weights = module.weights().isPresent() ? Fingerprint.of(module.weights().get()) : "";
      hashes.put(module.name(), Fingerprint.of(module.label() + weights));
    }
    return hashes;
  }
}
