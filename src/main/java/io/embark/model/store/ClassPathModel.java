package io.embark.model.store;

import io.embark.UserError;
import io.embark.model.ModelFiles;
import io.embark.model.ModuleList;
import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URI;
import java.net.URL;
import java.net.URLConnection;
import java.nio.file.Path;
import java.util.Optional;

/** Models named {@code classpath:FOLDER} or {@code classpath:ARCHIVE}. */
final class ClassPathModel {
  private ClassPathModel() {}

  /** A folder that lies on the class path as files; empty if it is inside a jar. */
  static Optional<Path> inPlace(String folder, String name) {
    URL url = anchor(folder, name);
    return url.getProtocol().equals("file")
        ? Optional.of(Path.of(URI.create(url.toString())).getParent())
        : Optional.empty();
  }

  /** A folder inside a jar. */
  static ModelSource inJar(String folder, String name) throws IOException {
    URL url = anchor(folder, name);
    if (!(url.openConnection() instanceof JarURLConnection jar)
        || !jar.getJarFileURL().getProtocol().equals("file")) {
      throw new UserError(
          "Model %s is at %s; wanted is a folder in a jar file or a directory of the class path."
              .formatted(name, url));
    }
    Path file = Path.of(URI.create(jar.getJarFileURL().toString()));
    ArchiveTree tree = new ArchiveTree(file, ArchiveTree.Format.ZIP, folder, name);
    return new TreeModel(name, "classpath:" + folder, tree, false);
  }

  /** A file that lies directly in a model's folder. */
  private static URL anchor(String folder, String name) {
    URL modules = resource(ModelFiles.in(folder, ModuleList.FILE));
    return modules == null ? find(ModelFiles.in(folder, ModelFiles.TOKENIZER), name) : modules;
  }

  /** An archive that is one resource. */
  static ModelSource packed(String resource, String name) {
    URL url = find(resource, name);
    return new PackedModel(
        name,
        "classpath:" + resource,
        () -> lengthAndTime(url),
        newFile -> {
          CopyIn.resource(url, newFile, name);
          return newFile;
        },
        false);
  }

  private static String lengthAndTime(URL url) throws IOException {
    URLConnection connection = url.openConnection();
    connection.setUseCaches(false);
    // Closing the stream closes the jar that was opened to ask.
    InputStream opened = connection.getInputStream();
    try {
      return connection.getContentLengthLong() + " " + connection.getLastModified();
    } finally {
      opened.close();
    }
  }

  private static URL find(String resource, String name) {
    URL url = resource(resource);
    if (url == null) {
      throw new UserError(
          ("Model %s: no %s on the class path. Add the jar that holds it with --jars, or put it"
                  + " into Embark's lib/ directory.")
              .formatted(name, resource));
    }
    return url;
  }

  /** A resource that the thread's class loader sees, or Embark's own; null if neither does. */
  static URL resource(String name) {
    ClassLoader context = Thread.currentThread().getContextClassLoader();
    URL url = context == null ? null : context.getResource(name);
    return url == null ? ClassPathModel.class.getClassLoader().getResource(name) : url;
  }
}
