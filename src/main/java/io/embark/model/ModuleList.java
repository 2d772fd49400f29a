package io.embark.model;

import io.embark.UserError;
import io.embark.json.JsonFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * {@code modules.json} as far as it says where files lie. A module without type or path is passed
 * over here: whoever reads the modules themselves refuses it.
 */
public record ModuleList(List<Module> modules) {
  public static final String FILE = "modules.json";

  /** Of a model without that file. */
  public static final ModuleList NONE = new ModuleList(List.of());

  /**
   * One step of a model.
   *
   * @param type the last part of its type, for example {@code Transformer}
   * @param folder relative to the model; empty for the model's own
   */
  public record Module(String type, String folder) {}

  /**
   * Reads the file of a directory of this host.
   *
   * @param model for messages
   * @throws UserError if it is no list of modules, or a path leads out of the model
   */
  static ModuleList in(Path directory, String model) throws IOException {
    return of(JsonFile.list(directory.resolve(FILE)), model);
  }

  /**
   * Reads the bytes of a file that lies elsewhere.
   *
   * @param model for messages
   * @throws UserError if it is no list of modules, or a path leads out of the model
   */
  public static ModuleList of(byte[] contents, String model) throws IOException {
    return of(JsonFile.list(contents, "Model %s: %s".formatted(model, FILE)), model);
  }

  private static ModuleList of(List<JsonFile> entries, String model) {
    List<Module> modules = new ArrayList<>();
    for (JsonFile entry : entries) {
      String type = entry.text("type").orElse("");
      String path = entry.text("path").orElse("");
      if (!type.isEmpty()) {
        // Before anybody looks for files of a model that is not run whatever it has.
        SentenceTransformersModules.requireRun(type, model);
      }
      modules.add(new Module(type.substring(type.lastIndexOf('.') + 1), folder(path, model)));
    }
    return new ModuleList(List.copyOf(modules));
  }

  private static String folder(String path, String model) {
    String folder = path.replaceAll("^(\\./)+|/+$", "");
    if (path.startsWith("/")
        || folder.startsWith("/")
        || Arrays.asList(folder.split("[/\\\\]", -1)).contains("..")) {
      throw new UserError(
          "Model %s: modules.json has a module at path '%s', which is not inside the model."
              .formatted(model, path));
    }
    return folder.equals(".") ? "" : folder;
  }

  /** The folder of the transformer's files; empty if no module is one. */
  Optional<String> transformer() {
    return modules.stream()
        .filter(m -> m.type.equals("Transformer"))
        .map(Module::folder)
        .findFirst();
  }

  /** The folder of the matrix if the model begins with one instead of a transformer. */
  Optional<String> staticEmbedding() {
    return modules.stream()
        .limit(1)
        .filter(m -> m.type.equals("StaticEmbedding"))
        .map(Module::folder)
        .findFirst();
  }

  /** Folders that may hold weights of the steps behind the first. */
  List<String> laterFolders() {
    return modules.stream()
        .skip(1)
        .filter(m -> !m.type.equals("Transformer") && !m.folder.isEmpty())
        .map(Module::folder)
        .toList();
  }
}
