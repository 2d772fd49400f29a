package io.embark.model;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;

/**
 * Brings a model to this host: {@code builtin:NAME} from the class path, a local directory as it
 * is, any other URI through Hadoop's file systems. What must be copied is copied once per host into
 * a cache and made visible by one rename, so that nobody ever sees half a model.
 */
public final class ModelStore {
  private static final String BUILTIN = "builtin:";
  private static final String ONNX = ".onnx";

  private final Path cache;
  private final Configuration hadoop;

  /**
   * @param cache directory for copies; made when needed
   * @param hadoop settings and credentials of remote file systems
   */
  public ModelStore(Path cache, Configuration hadoop) {
    this.cache = cache;
    this.hadoop = hadoop;
  }

  /** A store in the temporary directory of this user, or where {@code embark.cache} says. */
  public static ModelStore ofThisHost(Configuration hadoop) {
    String configured = System.getProperty("embark.cache", System.getenv("EMBARK_CACHE"));
    Path cache =
        configured != null
            ? Path.of(configured)
            : Path.of(
                System.getProperty("java.io.tmpdir"), "embark-" + System.getProperty("user.name"));
    return new ModelStore(cache, hadoop);
  }

  /**
   * Opens a model.
   *
   * @param uri {@code builtin:NAME}, a directory, an {@code .onnx} file with its {@code
   *     tokenizer.json} beside it, or a Hadoop URI of either
   * @param modelFile the graph inside the directory, relative to it, or null to look in the usual
   *     places
   * @throws IOException if something cannot be read or copied
   * @throws IllegalArgumentException if it is not a usable model
   */
  public ModelDirectory open(String uri, String modelFile) throws IOException {
    if (uri.regionMatches(true, 0, BUILTIN, 0, BUILTIN.length())) {
      BuiltinModel builtin = BuiltinModel.of(uri.substring(BUILTIN.length()));
      Path directory = once(builtin.cacheKey(), builtin::unpackInto);
      return ModelDirectory.read(directory, modelFile, BUILTIN + builtin.label());
    }
    String directoryUri = uri;
    if (uri.endsWith(ONNX)) {
      int slash = uri.lastIndexOf('/');
      directoryUri = slash < 0 ? "." : uri.substring(0, slash + 1);
      modelFile = uri.substring(slash + 1);
    }
    return ModelDirectory.read(localise(directoryUri), modelFile, uri);
  }

  private Path localise(String uri) throws IOException {
    Path local = localPath(uri);
    if (local != null) {
      return local;
    }
    org.apache.hadoop.fs.Path remote = new org.apache.hadoop.fs.Path(uri);
    FileSystem files = remote.getFileSystem(hadoop);
    FileStatus status = files.getFileStatus(remote);
    if (!status.isDirectory()) {
      throw ModelDirectory.isFile(uri);
    }
    StringBuilder contents = new StringBuilder(remote.toString());
    listing(files, remote, contents);
    String key = remote.getName() + "-" + Fingerprint.of(contents.toString()).substring(0, 16);
    return once(key, target -> copyTree(files, remote, target));
  }

  /** The path of a local model, or null if the URI names another file system. */
  private static Path localPath(String uri) {
    int colon = uri.indexOf(':');
    // A single letter before the colon is a Windows drive.
    if (colon < 2 || uri.indexOf('/') < colon && uri.indexOf('/') >= 0) {
      return Path.of(uri);
    }
    if (uri.regionMatches(true, 0, "file:", 0, 5)) {
      // As Hadoop reads it, a percent sign is itself; as Java writes it, it escapes.
      String path = uri.substring(5).replaceFirst("^//[^/]*", "");
      return Files.exists(Path.of(path)) || !path.contains("%")
          ? Path.of(path)
          : Path.of(URLDecoder.decode(path.replace("+", "%2B"), StandardCharsets.UTF_8));
    }
    return null;
  }

  /** Names, sizes and times of all files, so that a changed model gets a new place in the cache. */
  private static void listing(
      FileSystem files, org.apache.hadoop.fs.Path directory, StringBuilder into)
      throws IOException {
    for (FileStatus status : files.listStatus(directory)) {
      if (status.isDirectory()) {
        listing(files, status.getPath(), into);
      } else {
        into.append('\n')
            .append(status.getPath())
            .append(' ')
            .append(status.getLen())
            .append(' ')
            .append(status.getModificationTime());
      }
    }
  }

  private static void copyTree(FileSystem files, org.apache.hadoop.fs.Path from, Path to)
      throws IOException {
    for (FileStatus status : files.listStatus(from)) {
      Path target = to.resolve(status.getPath().getName());
      if (status.isDirectory()) {
        Files.createDirectories(target);
        copyTree(files, status.getPath(), target);
      } else {
        try (var in = files.open(status.getPath())) {
          Files.copy(in, target);
        }
        if (Files.size(target) != status.getLen()) {
          throw new IOException(
              "%s has %d bytes, but only %d arrived."
                  .formatted(status.getPath(), status.getLen(), Files.size(target)));
        }
      }
    }
  }

  private interface Filler {
    void fill(Path directory) throws IOException;
  }

  /** A cached directory, filled first if it is not there yet. */
  private Path once(String key, Filler filler) throws IOException {
    Path done = cache.resolve(key);
    Path marker = done.resolve(".complete");
    if (Files.exists(marker) && intact(done, marker)) {
      return done;
    }
    Files.createDirectories(cache);
    Path filling = Files.createTempDirectory(cache, key + ".tmp");
    try {
      filler.fill(filling);
      Files.writeString(filling.resolve(".complete"), inventory(filling), StandardCharsets.UTF_8);
      if (Files.exists(done) && !(Files.exists(marker) && intact(done, marker))) {
        deleteTree(done);
      }
      try {
        Files.move(filling, done, StandardCopyOption.ATOMIC_MOVE);
      } catch (FileAlreadyExistsException
          | DirectoryNotEmptyException
          | AtomicMoveNotSupportedException e) {
        requireOther(marker, e);
      } catch (FileSystemException e) {
        // Linux reports a non-empty target of a rename in this general form.
        requireOther(marker, e);
      }
      return done;
    } finally {
      deleteTree(filling);
    }
  }

  /** Another process may have finished first; its copy is as good. */
  private static void requireOther(Path marker, IOException e) throws IOException {
    if (!Files.exists(marker)) {
      throw e;
    }
  }

  /** Cleaners of temporary directories take single files, so their sizes are checked. */
  private static boolean intact(Path directory, Path marker) throws IOException {
    return Files.readString(marker, StandardCharsets.UTF_8).equals(inventory(directory));
  }

  private static String inventory(Path directory) throws IOException {
    StringBuilder text = new StringBuilder();
    try (Stream<Path> tree = Files.walk(directory)) {
      tree.filter(Files::isRegularFile)
          .filter(p -> !p.getFileName().toString().equals(".complete"))
          .sorted()
          .forEach(
              p -> text.append(directory.relativize(p)).append(' ').append(size(p)).append('\n'));
    }
    return text.toString();
  }

  private static long size(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void deleteTree(Path directory) throws IOException {
    if (!Files.exists(directory)) {
      return;
    }
    try (Stream<Path> tree = Files.walk(directory)) {
      for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    }
  }
}
