package io.embark.model;

import com.fasterxml.jackson.databind.JsonNode;
import io.embark.UserError;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * {@code modules.json} as far as it says where files lie. What is no list, has no type or no path
 * is passed over here: whoever reads the modules themselves refuses it.
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
   * Reads the file's contents.
   *
   * @param model for messages
   * @throws UserError if a path leads out of the model
   */
  public static ModuleList of(JsonNode contents, String model) {
    List<Module> modules = new ArrayList<>();
    for (JsonNode module : contents) {
      String type = module.path("type").asText("");
      String path = module.path("path").isTextual() ? module.path("path").asText() : "";
      modules.add(new Module(type.substring(type.lastIndexOf('.') + 1), folder(path, model)));
    }
    return new ModuleList(List.copyOf(modules));
  }

  private static String folder(String path, String model) {
    String folder = path.replaceAll("^(\\./)+|/+$", "");
    if (folder.startsWith("/") || Arrays.asList(folder.split("[/\\\\]", -1)).contains("..")) {
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
