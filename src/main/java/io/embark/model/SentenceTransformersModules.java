package io.embark.model;

import io.embark.UserError;
import io.embark.json.JsonFile;
import io.embark.model.ModelDirectory.Sourced;
import io.embark.pooling.Norm;
import io.embark.pooling.Pooling;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * {@code modules.json}: the modules that a sentence-transformers model runs one after the other.
 *
 * @param present whether there is such a file, or at least the folder of a pooling module
 * @param isStatic whether the model looks tokens up in a matrix rather than running a transformer
 * @param poolings empty if there is no module Pooling
 * @param modules those behind the pooling, but for a normalisation at the end, which is {@code
 *     norm}
 */
record SentenceTransformersModules(
    boolean present,
    boolean isStatic,
    Optional<Sourced<List<Pooling>>> poolings,
    Optional<Sourced<Boolean>> excludePrompt,
    List<ModuleFile> modules,
    Optional<Sourced<Norm>> norm) {
  private static final String PACKAGE = "sentence_transformers.";
  private static final Set<String> RUN =
      Set.of(
          "Transformer",
          "StaticEmbedding",
          "Pooling",
          "Normalize",
          "Dropout",
          "Dense",
          "LayerNorm");
  private static final String USUAL_POOLING = "1_Pooling";

  static SentenceTransformersModules read(Path directory, String model) throws IOException {
    List<JsonFile> entries = JsonFile.list(directory.resolve(ModuleList.FILE));
    return entries.isEmpty() && !Files.isRegularFile(directory.resolve(ModuleList.FILE))
        ? withoutList(directory)
        : new Reader(directory, model).read(entries);
  }

  /** Some exports keep the pooling settings without the list of modules. */
  private static SentenceTransformersModules withoutList(Path directory) throws IOException {
    String source = USUAL_POOLING + "/config.json";
    boolean present = Files.isRegularFile(directory.resolve(source));
    Optional<PoolingConfig> pooling =
        present
            ? Optional.of(PoolingConfig.of(JsonFile.object(directory.resolve(source))))
            : Optional.empty();
    return new SentenceTransformersModules(
        present,
        false,
        pooling.map(found -> new Sourced<>(found.poolings(), source)),
        pooling.filter(found -> !found.includePrompt()).map(found -> new Sourced<>(true, source)),
        List.of(),
        Optional.empty());
  }

  /** Takes the modules in their order. */
  private static final class Reader {
    private final Path directory;
    private final String model;
    private boolean hasEncoder;
    private boolean isStatic;
    private Optional<Sourced<List<Pooling>>> poolings = Optional.empty();
    private Optional<Sourced<Boolean>> excludePrompt = Optional.empty();
    private final List<ModuleFile> modules = new ArrayList<>();

    Reader(Path directory, String model) {
      this.directory = directory;
      this.model = model;
    }

    SentenceTransformersModules read(List<JsonFile> entries) throws IOException {
      Set<String> names = new HashSet<>();
      for (JsonFile entry : entries) {
        entry.requireKnown("idx", "name", "path", "type", "kwargs").withoutNulls("kwargs");
        if (!entry.json("kwargs").orElse("[]").equals("[]")) {
          throw entry.wrong("kwargs", "nothing: Embark gives no arguments to modules");
        }
        String entryName = entry.json("name").orElse("");
        if (!entryName.isEmpty() && !names.add(entryName)) {
          throw entry.wrong(
              "name",
              "one of its own: the library puts the later of two modules in place of the other");
        }
        String path = entry.require("path", entry.text("path"));
        String type = entry.require("type", entry.text("type"));
        // A path out of the model is refused by ModuleList, which is asked first.
        take(type, path);
      }
      if (!hasEncoder) {
        throw new UserError(
            "Model %s: %s names no Transformer and no StaticEmbedding."
                .formatted(model, ModuleList.FILE));
      }
      Norm norm = Norm.NONE;
      while (!modules.isEmpty() && last().equals("normalize")) {
        norm = Norm.L2;
        modules.remove(modules.size() - 1);
      }
      return new SentenceTransformersModules(
          true,
          isStatic,
          poolings,
          excludePrompt,
          List.copyOf(modules),
          Optional.of(new Sourced<>(norm, ModuleList.FILE)));
    }

    private String last() {
      return modules.get(modules.size() - 1).label();
    }

    private void take(String type, String path) throws IOException {
      String simpleName = type.substring(type.lastIndexOf('.') + 1);
      requireRun(type, model);
      Path folder = directory.resolve(path);
      switch (simpleName) {
        case "Transformer", "StaticEmbedding" -> {
          require(!hasEncoder, type, "behind another");
          hasEncoder = true;
          isStatic = simpleName.equals("StaticEmbedding");
        }
        case "Pooling" -> {
          require(hasEncoder && !isStatic, type, "without a Transformer before it");
          require(poolings.isEmpty() && modules.isEmpty(), type, "behind a module of vectors");
          requireFolder(type, path);
          pooling(folder, path + "/config.json");
        }
        case "Normalize" -> normalize(folder, path, type);
        case "Dropout" -> JsonFile.object(folder.resolve("config.json")).requireKnown("dropout");
        case "Dense" -> {
          requireFolder(type, path);
          modules.add(behindPooling(type, ModuleFile.dense(folder, path)));
        }
        case "LayerNorm" -> {
          requireFolder(type, path);
          modules.add(behindPooling(type, ModuleFile.layerNorm(folder, path)));
        }
        default -> throw unknown(type, model);
      }
    }

    private void pooling(Path folder, String source) throws IOException {
      JsonFile file = JsonFile.object(folder.resolve("config.json"));
      if (file.isEmpty()) {
        throw new UserError(
            "Model %s: %s is missing or empty; its module Pooling is set there."
                .formatted(model, folder.resolve("config.json")));
      }
      PoolingConfig pooling = PoolingConfig.of(file);
      poolings = Optional.of(new Sourced<>(pooling.poolings(), source));
      excludePrompt =
          pooling.includePrompt() ? Optional.empty() : Optional.of(new Sourced<>(true, source));
    }

    private void normalize(Path folder, String path, String type) throws IOException {
      JsonFile config =
          path.isEmpty()
              ? JsonFile.object(directory.resolve("absent.json"))
              : JsonFile.object(folder.resolve("config.json"))
                  .requireKnown("module_input_name", "module_output_name");
      ModuleFile.requireSentenceEmbedding(config);
      modules.add(behindPooling(type, ModuleFile.normalize(path)));
    }

    /** A transformer may give vectors itself; whether it does is seen when it is read. */
    private ModuleFile behindPooling(String type, ModuleFile module) {
      require(hasEncoder, type, "before the Transformer");
      return module;
    }

    /** The model's own folder has the transformer's config.json. */
    private void requireFolder(String type, String path) {
      require(!path.isEmpty(), type, "without a folder of its own");
    }

    private void require(boolean inPlace, String type, String place) {
      if (!inPlace) {
        throw new UserError(
            ("Model %s: %s has a module '%s' %s, an order that Embark does not run; wanted is"
                    + " Transformer, Pooling, then any of Dense, LayerNorm, Dropout, Normalize.")
                .formatted(model, ModuleList.FILE, type, place));
      }
    }
  }

  /**
   * @param model for messages
   * @throws UserError if a module is none of those that are run
   */
  static void requireRun(String type, String model) {
    boolean known = type.startsWith(PACKAGE) && !type.matches(".*(sparse|cross|multi_vector).*");
    if (!known || !RUN.contains(type.substring(type.lastIndexOf('.') + 1))) {
      throw unknown(type, model);
    }
  }

  private static UserError unknown(String type, String model) {
    String reason =
        type.startsWith(PACKAGE)
            ? "that Embark cannot run"
            : "that is code of the model's own, which Embark does not run";
    return new UserError(
        ("Model %s has a module '%s' in %s %s, so its vectors would not be the model's own. It"
                + " runs Transformer, Pooling, Dense, LayerNorm, Dropout, Normalize and"
                + " StaticEmbedding of sentence_transformers. A graph exported with all modules in"
                + " it and an output sentence_embedding runs without %s.")
            .formatted(model, type, ModuleList.FILE, reason, ModuleList.FILE));
  }
}
