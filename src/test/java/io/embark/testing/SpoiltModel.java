package io.embark.testing;

import io.embark.embed.Setting;
import io.embark.model.ModelDirectory;
import io.embark.model.store.ModelStore;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;

/** Copies of the default model: a sound one, and one with some of its weights overwritten. */
public final class SpoiltModel {
  private SpoiltModel() {}

  /** The built-in default model in a directory of its own. */
  public static Path sound(Path directory) throws IOException {
    ModelDirectory model =
        ModelStore.ofThisHost(new Configuration()).open(Setting.MODEL.defaultText(), null);
    Path from = model.onnxFile().getParent();
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Path to = directory.resolve(from.relativize(file).toString());
        Files.createDirectories(to.getParent());
        if (!file.getFileName().toString().startsWith(".")) {
          Files.copy(file, to, StandardCopyOption.REPLACE_EXISTING);
        }
      }
    }
    return directory;
  }

  /** The same with 256 KiB of zeros among the weights of the last layers. */
  public static Path spoilt(Path directory) throws IOException {
    sound(directory);
    try (RandomAccessFile graph =
        new RandomAccessFile(directory.resolve("model.onnx").toFile(), "rw")) {
      graph.seek(graph.length() / 10 * 9);
      graph.write(new byte[1 << 18]);
    }
    return directory;
  }
}
