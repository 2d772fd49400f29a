package io.embark.input;

import io.embark.UserError;
import io.embark.table.Snapshot;
import io.embark.table.TableDirectory;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;

/**
 * The data files at some paths. Passed over are names that begin with {@code .} or {@code _}, such
 * as {@code _SUCCESS}, files that are still being copied ({@code x._COPYING_}), markers of folders
 * ({@code x_$folder$}), and files without a byte beside others, unless they should be Parquet or
 * ORC, which are never empty.
 *
 * @param roots what was given, globs resolved, with the files there; at least one file in all
 * @param partition a directory {@code key=value} with files, below a given one
 * @param subdirectory a directory with files, below a given one, that is no partition; Spark reads
 *     those only when told to
 * @param outside a file in no directory below a given one
 */
public record InputFiles(
    Map<Path, List<FileStatus>> roots,
    Optional<Path> partition,
    Optional<Path> subdirectory,
    Optional<Path> outside) {

  private static final List<String> MARKERS = List.of("._COPYING_", "_$folder$");

  /** A path with scheme and host, and as the user wrote it. */
  public record Given(String text, Path path) {}

  /** A file as it was found first, and what was given for it. */
  private record Found(Path path, String given) {}

  /** All files, at least one. */
  public List<FileStatus> files() {
    return roots.values().stream().flatMap(List::stream).toList();
  }

  /**
   * Lists the files at some paths, which may be directories or, where nothing has that very name,
   * globs.
   *
   * @param format of all files, if it is known A table of Embark's stands for the files of its
   *     current version.
   * @throws UserError naming a path without a data file, a file at two paths, or a table of another
   *     kind or below a path
   */
  public static InputFiles at(List<Given> paths, Optional<InputFormat> format, Configuration hadoop)
      throws IOException {
    Search search = new Search();
    for (Given path : paths) {
      search.given = path.text();
      Path glob = path.path();
      FileSystem system = glob.getFileSystem(hadoop);
      Optional<TableFolder> table = TableFolder.of(system, glob);
      if (table.isPresent()) {
        search.table(system, glob, table.get().current("input", system, glob));
        continue;
      }
      long before = search.count();
      List<FileStatus> matches = matching(glob, hadoop);
      if (matches.isEmpty()) {
        throw new UserError("input: nothing found at " + glob + ".");
      }
      requireNoTableAbove(system, matches);
      for (FileStatus match : matches) {
        search.root = search.roots.computeIfAbsent(match.getPath(), root -> new ArrayList<>());
        if (match.isDirectory()) {
          search.list(system, match.getPath(), null, null);
        } else if (!hidden(match.getPath())) {
          // With the places of its blocks.
          search.add(system.listLocatedStatus(match.getPath()).next(), null, null);
        }
      }
      if (search.count() == before) {
        throw new UserError(
            ("input: no data file at %s; names that begin with _ or . or end in ._COPYING_ do not"
                    + " count.")
                .formatted(glob));
      }
    }
    return new InputFiles(
        withoutEmpty(search.roots, format),
        Optional.ofNullable(search.partition),
        Optional.ofNullable(search.subdirectory),
        Optional.ofNullable(search.outside));
  }

  private static void requireNoTableAbove(FileSystem system, List<FileStatus> matches)
      throws IOException {
    Set<Path> looked = new HashSet<>();
    for (FileStatus match : matches) {
      if (looked.add(match.getPath().getParent())) {
        TableFolder.requireNoneAbove("input", system, match.getPath());
      }
    }
  }

  /** Without files that hold no byte, unless there are no others. */
  private static Map<Path, List<FileStatus>> withoutEmpty(
      Map<Path, List<FileStatus>> roots, Optional<InputFormat> format) {
    Set<String> endings = new HashSet<>();
    roots.values().stream()
        .flatMap(List::stream)
        .filter(file -> file.getLen() > 0)
        .forEach(file -> endings.add(ending(file)));
    Map<Path, List<FileStatus>> others = new LinkedHashMap<>();
    roots.forEach(
        (root, files) ->
            others.put(
                root, files.stream().filter(file -> !isEmpty(file, format, endings)).toList()));
    return Collections.unmodifiableMap(
        others.values().stream().allMatch(List::isEmpty) ? roots : others);
  }

  /**
   * Whether there is nothing in a file and need not be.
   *
   * @param endings of the names of files with something in them
   */
  private static boolean isEmpty(
      FileStatus file, Optional<InputFormat> format, Set<String> endings) {
    if (file.getLen() > 0) {
      return false;
    }
    Optional<InputFormat> named = InputFormat.ofFileName(file.getPath().getName());
    // By another name than theirs it is no data of another writer's, but a marker.
    boolean isData =
        named.filter(InputFormat::isNeverEmpty).isPresent() || endings.contains(ending(file));
    return !isData || format.or(() -> named).filter(InputFormat::isNeverEmpty).isEmpty();
  }

  private static String ending(FileStatus file) {
    String name = file.getPath().getName();
    int dot = name.lastIndexOf('.');
    return dot < 0 ? "" : name.substring(dot);
  }

  /** Where a file or folder really lies; files elsewhere than on disks have one path. */
  private static Path real(Path path) throws IOException {
    if (!"file".equals(path.toUri().getScheme())) {
      return path;
    }
    java.nio.file.Path real = java.nio.file.Path.of(path.toUri().getPath()).toRealPath();
    return new Path("file", null, real.toString());
  }

  private static final class Search {
    private final Map<Path, List<FileStatus>> roots = new LinkedHashMap<>();
    private final Map<Path, Found> found = new HashMap<>();

    /** The folders around what is listed. */
    private final Set<Path> around = new HashSet<>();

    private String given;
    private List<FileStatus> root;
    private Path partition;
    private Path subdirectory;
    private Path outside;

    private long count() {
      return roots.values().stream().mapToLong(List::size).sum();
    }

    /**
     * Adds the files of a directory, which is or lies in the partition {@code in} and the
     * subdirectory {@code below}; null for none.
     */
    private void list(FileSystem system, Path directory, Path in, Path below) throws IOException {
      Path place = real(directory);
      if (!around.add(place)) {
        throw new UserError(
            "input: %s is a link to %s, which it lies in. Take the link away, or name the files."
                .formatted(directory, place));
      }
      for (RemoteIterator<LocatedFileStatus> all = system.listLocatedStatus(directory);
          all.hasNext(); ) {
        LocatedFileStatus child = all.next();
        Path path = child.getPath();
        Optional<TableFolder> table = TableFolder.by(system, child);
        if (table.isPresent()) {
          throw table.get().refusedBelow("input", directory);
        }
        if (hidden(path)) {
          continue;
        }
        if (!child.isDirectory()) {
          add(child, in, below);
        } else if (path.getName().contains("=")) {
          list(system, path, path, below);
        } else {
          list(system, path, in, path);
        }
      }
      around.remove(place);
    }

    /** Adds the files of a table's version. */
    private void table(FileSystem system, Path path, Snapshot version) throws IOException {
      for (Path file : new TableDirectory(system, path).paths(version)) {
        root = roots.computeIfAbsent(file, first -> new ArrayList<>());
        add(system.listLocatedStatus(file).next(), null, null);
      }
    }

    private void add(FileStatus file, Path in, Path below) throws IOException {
      Found before = found.putIfAbsent(real(file.getPath()), new Found(file.getPath(), given));
      if (before != null) {
        boolean linked = !before.path().equals(file.getPath());
        throw new UserError(
            ("input: %s is given twice, %s; its rows would be read twice. Give each file by one"
                    + " path.")
                .formatted(
                    file.getPath(),
                    linked
                        ? "and as %s, which a link leads to".formatted(before.path())
                        : "by %s and %s".formatted(before.given(), given)));
      }
      root.add(file);
      partition = partition == null ? in : partition;
      subdirectory = subdirectory == null ? below : subdirectory;
      if (in == null && below == null && outside == null) {
        outside = file.getPath();
      }
    }
  }

  /** Some of the files only. */
  InputFiles only(Set<String> paths) {
    Map<Path, List<FileStatus>> some = new LinkedHashMap<>();
    roots.forEach(
        (root, files) ->
            some.put(
                root, files.stream().filter(f -> paths.contains(f.getPath().toString())).toList()));
    return new InputFiles(Collections.unmodifiableMap(some), partition, subdirectory, outside);
  }

  /**
   * The file or directory of that very name, or else those that match a glob; none if there are
   * none.
   *
   * @throws UserError if it is no glob as Hadoop reads them
   */
  public static List<FileStatus> matching(Path glob, Configuration hadoop) throws IOException {
    FileSystem system = glob.getFileSystem(hadoop);
    try {
      return List.of(system.getFileStatus(glob));
    } catch (FileNotFoundException e) {
      // A glob, perhaps.
    }
    try {
      FileStatus[] matches = system.globStatus(glob);
      return matches == null ? List.of() : List.of(matches);
    } catch (FileNotFoundException e) {
      return List.of();
    } catch (IOException e) {
      // Hadoop has no class of its own for it.
      if (String.valueOf(e.getMessage()).startsWith("Illegal file pattern")) {
        throw new UserError(
            "input: found '%s', wanted a glob: %s".formatted(glob, e.getMessage()), e);
      }
      throw e;
    }
  }

  /**
   * Refuses files of which some lie in partitions and some do not. Read recursively they would have
   * no partition columns; otherwise Spark passes over the others, or fails.
   */
  public void requireOneLayout() {
    Optional<Path> other = subdirectory.or(() -> outside);
    if (partition.isPresent() && other.isPresent()) {
      throw new UserError(
          ("input: found %s, a partition (key=value), and %s, which is none; wanted files in"
                  + " partitions only, or in none, or their columns or rows would be lost. Read them in"
                  + " runs of their own, or all of them without the columns of partitions: --read-option"
                  + " recursiveFileLookup=true.")
              .formatted(partition.get(), other.get()));
    }
  }

  private static boolean hidden(Path path) {
    String name = path.getName();
    return name.startsWith(".")
        || name.startsWith("_") && !name.contains("=")
        || MARKERS.stream().anyMatch(name::endsWith);
  }
}
