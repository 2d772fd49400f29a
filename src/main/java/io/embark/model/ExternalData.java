package io.embark.model;

import io.embark.UserError;
import io.embark.onnx.graph.OutsideFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * The files in which an {@code .onnx} file says that its weights are. They can have any name, so
 * the graph has to be asked.
 */
public final class ExternalData {
  private ExternalData() {}

  /**
   * Reads the locations without reading the weights.
   *
   * @return paths relative to the graph's folder; empty if there are none, or if the file is no
   *     ONNX model, which opening it reports better
   */
  public static SortedSet<String> of(Path onnxFile) throws IOException {
    try {
      return OutsideFiles.of(onnxFile);
    } catch (UserError e) {
      return new TreeSet<>();
    }
  }
}
