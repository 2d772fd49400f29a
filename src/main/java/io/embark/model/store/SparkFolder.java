package io.embark.model.store;

import io.embark.model.ModelFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** A folder that Spark unpacked from an archive, which often holds nothing but another folder. */
final class SparkFolder {
  private SparkFolder() {}

  /** The folder, or the only one in it that holds a tokenizer where the folder itself has none. */
  static Path modelIn(Path folder) throws IOException {
    if (!Files.isDirectory(folder) || Files.exists(folder.resolve(ModelFiles.TOKENIZER))) {
      return folder;
    }
    try (Stream<Path> below = Files.list(folder)) {
      List<Path> models =
          below.filter(path -> Files.exists(path.resolve(ModelFiles.TOKENIZER))).toList();
      return models.size() == 1 ? models.get(0) : folder;
    }
  }
}
