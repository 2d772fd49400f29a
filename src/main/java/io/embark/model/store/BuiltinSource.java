package io.embark.model.store;

import io.embark.UserError;
import io.embark.model.ModelFiles;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * A built-in model, in a jar of the class path or else of a folder of the user's.
 *
 * @param jars that folder; it need not exist
 * @param classPath a resource by its name, or null
 */
record BuiltinSource(BuiltinModel model, Path jars, Function<String, URL> classPath)
    implements ModelSource {

  @Override
  public String identity() {
    return model.identity();
  }

  @Override
  public String label() {
    return model.label();
  }

  /**
   * Sizes in the jar, and the configuration of this version of Embark.
   *
   * @throws UserError if the jar is nowhere, naming the artifact and the command that fetches it
   */
  @Override
  public String state(String modelFile) throws IOException {
    StringBuilder contents = new StringBuilder();
    contents.append(size(model.graph())).append(' ').append(size(model.tokenizer()));
    for (Map.Entry<String, URL> config : model.configs().entrySet()) {
      try (InputStream in = config.getValue().openStream()) {
        contents.append('\n').append(config.getKey()).append('\n');
        contents.append(new String(in.readAllBytes(), StandardCharsets.UTF_8));
      }
    }
    return contents.toString();
  }

  @Override
  public void fill(Path directory, String modelFile) throws IOException {
    CopyIn.requireSpace(directory, size(model.graph()) + size(model.tokenizer()), identity());
    for (Map.Entry<String, URL> file : model.configs().entrySet()) {
      CopyIn.resource(
          file.getValue(), directory.resolve(file.getKey()), file.getValue().toString());
    }
    copy(model.graph(), directory.resolve("model.onnx"));
    copy(model.tokenizer(), directory.resolve(ModelFiles.TOKENIZER));
  }

  private long size(String entry) throws IOException {
    URL onClassPath = classPath.apply(entry);
    if (onClassPath != null) {
      return onClassPath.openConnection().getContentLengthLong();
    }
    ArchiveTree jar = jar();
    TreeModel.RemoteFile file = jar.list().get(entry);
    if (file == null) {
      throw new UserError(
          "%s: %s holds no %s. Fetch it again: %s"
              .formatted(identity(), jar.archive(), entry, model.command(jars)));
    }
    return file.length();
  }

  private void copy(String entry, Path to) throws IOException {
    URL onClassPath = classPath.apply(entry);
    if (onClassPath != null) {
      CopyIn.resource(onClassPath, to, onClassPath.toString());
      return;
    }
    jar().copy(List.of(entry), to.getParent());
    Files.move(to.resolveSibling(entry), to);
  }

  /** The jar in the folder; of several the one that Embark knows, or else the last by name. */
  private ArchiveTree jar() throws IOException {
    if (Files.isDirectory(jars)) {
      try (Stream<Path> all = Files.list(jars)) {
        Path chosen =
            all.filter(file -> model.isJar(file.getFileName().toString()))
                .max(
                    Comparator.comparing((Path file) -> file.endsWith(model.usualJar()))
                        .thenComparing(Path::toString))
                .orElse(null);
        if (chosen != null) {
          return new ArchiveTree(chosen, ArchiveTree.Format.ZIP, "", identity());
        }
      }
    }
    throw new UserError(
        ("%s needs the jar of %s, which is neither on the class path nor in %s (EMBARK_MODELS names"
                + " another folder). This puts it there: %s")
            .formatted(identity(), model.artifact(), jars, model.command(jars)));
  }
}
