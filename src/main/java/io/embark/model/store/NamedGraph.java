package io.embark.model.store;

import io.embark.UserError;
import io.embark.model.ModelFiles;
import io.embark.model.ModuleList;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.util.functional.FunctionRaisingIOE;

/**
 * The model that a path to one of its graphs means: a graph often lies in a folder {@code onnx} of
 * the model, or in its transformer's.
 *
 * @param model the model's folder, without a slash at its end
 * @param graph relative to the model
 */
record NamedGraph(String model, String graph) {

  /**
   * Finds the model upwards: the folder of its modules, which say how it pools, or else the graph's
   * or the one above, wherever the tokenizer is.
   *
   * @param path from the root, beginning and divided by {@code /}
   * @param exists whether there is a file at such a path
   * @throws UserError if there is no such graph
   */
  static NamedGraph of(String path, FunctionRaisingIOE<String, Boolean> exists, String name)
      throws IOException {
    if (!exists.apply(path)) {
      throw new UserError(
          ("Model %s does not exist: there is no file %s. Give the model's directory to see what"
                  + " graphs it has.")
              .formatted(name, path));
    }
    List<String> folders = folders(path);
    for (String folder : folders) {
      if (exists.apply(folder + "/" + ModuleList.FILE)) {
        return in(folder, path);
      }
    }
    for (String folder : folders) {
      if (exists.apply(folder + "/" + ModelFiles.TOKENIZER)) {
        return in(folder, path);
      }
    }
    return in(folders.get(0), path);
  }

  private static NamedGraph in(String folder, String path) {
    return new NamedGraph(folder, path.substring(folder.length() + 1));
  }

  /** The graph's folder, the one above, and one more if that is a transformer's. */
  private static List<String> folders(String path) {
    List<String> folders = new ArrayList<>();
    String folder = ModelFiles.folder(path);
    folders.add(folder);
    if (!folder.isEmpty()) {
      folder = ModelFiles.folder(folder);
      folders.add(folder);
    }
    if (ModelFiles.isFirstModule(folder.substring(folder.lastIndexOf('/') + 1))) {
      folders.add(ModelFiles.folder(folder));
    }
    return folders;
  }
}
