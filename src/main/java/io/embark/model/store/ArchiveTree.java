package io.embark.model.store;

import io.embark.UserError;
import io.embark.model.ModelFiles;
import io.embark.model.ModuleList;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipFile;

/**
 * A model inside a zip, jar or tar file of this host.
 *
 * @param folder the model's folder inside the archive, or null for the uppermost one that holds a
 *     tokenizer, or a list of modules and a tokenizer below it
 */
record ArchiveTree(Path archive, Format format, String folder, String name)
    implements TreeModel.Tree {

  /** One entry; its contents can be read only while it is visited. */
  private record Entry(String path, long size, String version, boolean link) {}

  private interface Visitor {
    void visit(Entry entry, InputStream contents) throws IOException;
  }

  /** A kind of archive. */
  enum Format {
    ZIP(".zip", ".jar"),
    TAR_GZ(".tar.gz", ".tgz"),
    TAR(".tar");

    private final String[] endings;

    Format(String... endings) {
      this.endings = endings;
    }

    /** The format of a file, told by its name. */
    static Optional<Format> of(String name) {
      String lower = name.toLowerCase(Locale.ROOT);
      return Arrays.stream(values())
          .filter(format -> Arrays.stream(format.endings).anyMatch(lower::endsWith))
          .findFirst();
    }

    private void each(Path archive, Visitor visitor) throws IOException {
      if (this == ZIP) {
        eachOfZip(archive, visitor);
        return;
      }
      try (InputStream file = Files.newInputStream(archive);
          InputStream plain = this == TAR_GZ ? new GZIPInputStream(file, 1 << 16) : file) {
        eachOfTar(plain, visitor);
      }
    }

    private static void eachOfZip(Path archive, Visitor visitor) throws IOException {
      try (ZipFile zip = new ZipFile(archive)) {
        for (ZipArchiveEntry entry : Collections.list(zip.getEntries())) {
          if (!entry.isDirectory()) {
            try (InputStream contents = zip.getInputStream(entry)) {
              String crc = Long.toHexString(entry.getCrc());
              visitor.visit(
                  new Entry(entry.getName(), entry.getSize(), crc, entry.isUnixSymlink()),
                  contents);
            }
          }
        }
      }
    }

    private static void eachOfTar(InputStream plain, Visitor visitor) throws IOException {
      TarArchiveInputStream tar = new TarArchiveInputStream(plain, "UTF-8");
      for (TarArchiveEntry entry = tar.getNextTarEntry();
          entry != null;
          entry = tar.getNextTarEntry()) {
        if (!entry.isDirectory()) {
          boolean link = entry.isSymbolicLink() || entry.isLink();
          visitor.visit(new Entry(entry.getName(), entry.getSize(), "", link), tar);
        }
      }
    }
  }

  @Override
  public SortedMap<String, TreeModel.RemoteFile> list() throws IOException {
    SortedMap<String, TreeModel.RemoteFile> all = new TreeMap<>();
    Set<String> links = new TreeSet<>();
    each(
        (entry, contents) -> {
          all.put(inside(entry.path), new TreeModel.RemoteFile(entry.size, entry.version));
          if (entry.link) {
            links.add(inside(entry.path));
          }
        });
    String base = base(all.keySet());
    all.keySet().removeIf(path -> !path.startsWith(base));
    for (String link : links) {
      if (link.startsWith(base) && !Path.of(link).getFileName().toString().startsWith(".")) {
        throw new UserError(
            ("Archive %s of model %s holds a link, %s, instead of a file. Pack the files"
                    + " themselves: tar --dereference -czf, or zip without -y.")
                .formatted(archive, name, link));
      }
    }
    SortedMap<String, TreeModel.RemoteFile> files = new TreeMap<>();
    all.forEach((path, file) -> files.put(path.substring(base.length()), file));
    return files;
  }

  /** Visits every file; whatever cannot be read there is reported as the archive's fault. */
  private void each(Visitor visitor) throws IOException {
    try {
      format.each(archive, visitor);
    } catch (UserError | Retries.LocalDiskException e) {
      throw e;
    } catch (IOException | IllegalArgumentException e) {
      Retries.requireNotInterrupted(e);
      throw new IOException(
          "Model %s: %s is damaged, or no %s file: %s"
              .formatted(name, archive, format.endings[0], e.getMessage()),
          e);
    }
  }

  /** The model's folder, empty or with a slash at its end. */
  private String base(Collection<String> paths) {
    if (folder != null) {
      return folder.isEmpty() ? "" : folder + "/";
    }
    Optional<String> modules = uppermost(ModuleList.FILE, paths);
    String tokenizer = uppermost(ModelFiles.TOKENIZER, paths).orElse("");
    if (modules.isPresent() && tokenizer.startsWith(modules.get())) {
      return modules.get();
    }
    String plain = tokenizer.replaceAll("/$", "");
    String lastName = plain.substring(plain.lastIndexOf('/') + 1);
    return ModelFiles.isFirstModule(lastName)
        ? tokenizer.substring(0, plain.length() - lastName.length())
        : tokenizer;
  }

  /** The folder of the file of this name that lies highest; empty or with a slash at its end. */
  private static Optional<String> uppermost(String fileName, Collection<String> paths) {
    return paths.stream()
        .filter(path -> ("/" + path).endsWith("/" + fileName))
        .min(Comparator.comparingLong(path -> path.chars().filter(c -> c == '/').count()))
        .map(path -> path.substring(0, path.length() - fileName.length()));
  }

  @Override
  public byte[] read(String file) throws IOException {
    ByteArrayOutputStream read = new ByteArrayOutputStream();
    eachOf(Set.of(file), (entry, contents) -> contents.transferTo(read));
    return read.toByteArray();
  }

  @Override
  public void copy(Collection<String> files, Path to) throws IOException {
    eachOf(
        files,
        (entry, contents) ->
            CopyIn.file(contents, to.resolve(entry.path), entry.size, archive + "!" + entry.path));
  }

  /** Visits these files; entries have their paths relative to the model. */
  private void eachOf(Collection<String> files, Visitor visitor) throws IOException {
    Set<String> all = new TreeSet<>();
    each((entry, contents) -> all.add(inside(entry.path)));
    String base = base(all);
    each(
        (entry, contents) -> {
          String path = inside(entry.path);
          String file = path.startsWith(base) ? path.substring(base.length()) : null;
          if (file != null && files.contains(file)) {
            visitor.visit(new Entry(file, entry.size, entry.version, entry.link), contents);
          }
        });
  }

  /** A path without {@code ./} before it; one that would leave the directory is refused. */
  private String inside(String path) {
    String plain = path.replaceAll("^(\\./)+", "");
    boolean leaves = Arrays.asList(plain.split("/", -1)).contains("..");
    if (leaves || plain.startsWith("/") || plain.contains("\\") || plain.indexOf('\0') >= 0) {
      throw new UserError(
          "Archive %s of model %s is refused: its entry '%s' leads outside of it."
              .formatted(archive, name, path));
    }
    return plain;
  }
}
