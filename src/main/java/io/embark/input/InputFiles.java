package io.embark.input;

import io.embark.UserError;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * The data files at some paths. Passed over is what Spark passes over: names that begin with {@code
 * .} or {@code _}, such as {@code _SUCCESS}.
 *
 * @param files at least one
 * @param partition a directory {@code key=value} with files, below a given one
 * @param subdirectory a directory with files, below a given one, that is no partition; Spark reads
 *     those only when told to
 * @param outside a file in no directory below a given one
 */
public record InputFiles(
    List<FileStatus> files,
    Optional<Path> partition,
    Optional<Path> subdirectory,
    Optional<Path> outside) {

  /** A path with scheme and host, and as the user wrote it. */
  public record Given(String text, Path path) {}

  /**
   * Lists the files at some paths, which may be directories or globs.
   *
   * @throws UserError naming a path without a data file, or a file at two paths
   */
  public static InputFiles at(List<Given> paths, Configuration hadoop) throws IOException {
    Search search = new Search();
    for (Given path : paths) {
      search.given = path.text();
      Path glob = path.path();
      FileSystem system = glob.getFileSystem(hadoop);
      int before = search.files.size();
      List<FileStatus> matches = matching(glob, hadoop);
      if (matches.isEmpty()) {
        throw new UserError("input: nothing found at " + glob + ".");
      }
      for (FileStatus match : matches) {
        if (match.isDirectory()) {
          search.list(system, match.getPath(), null, null);
        } else if (!hidden(match.getPath())) {
          search.add(match, null, null);
        }
      }
      if (search.files.size() == before) {
        throw new UserError(
            "input: no data file at %s; names that begin with _ or . do not count."
                .formatted(glob));
      }
    }
    return new InputFiles(
        List.copyOf(search.files),
        Optional.ofNullable(search.partition),
        Optional.ofNullable(search.subdirectory),
        Optional.ofNullable(search.outside));
  }

  private static final class Search {
    private final List<FileStatus> files = new ArrayList<>();
    private final Map<Path, String> givenOf = new HashMap<>();
    private String given;
    private Path partition;
    private Path subdirectory;
    private Path outside;

    /**
     * Adds the files of a directory, which is or lies in the partition {@code in} and the
     * subdirectory {@code below}; null for none.
     */
    private void list(FileSystem system, Path directory, Path in, Path below) throws IOException {
      for (FileStatus child : system.listStatus(directory)) {
        Path path = child.getPath();
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
    }

    private void add(FileStatus file, Path in, Path below) {
      String before = givenOf.putIfAbsent(file.getPath(), given);
      if (before != null) {
        throw new UserError(
            ("input: %s is given twice, by %s and %s; its rows would be read twice. Give each file by"
                    + " one path.")
                .formatted(file.getPath(), before, given));
      }
      files.add(file);
      partition = partition == null ? in : partition;
      subdirectory = subdirectory == null ? below : subdirectory;
      if (in == null && below == null && outside == null) {
        outside = file.getPath();
      }
    }
  }

  /**
   * The files and directories that match a path or glob; none if there are none.
   *
   * @throws UserError if it is no glob as Hadoop reads them
   */
  public static List<FileStatus> matching(Path glob, Configuration hadoop) throws IOException {
    try {
      FileStatus[] matches = glob.getFileSystem(hadoop).globStatus(glob);
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
    return name.startsWith(".") || name.startsWith("_") && !name.contains("=");
  }
}
