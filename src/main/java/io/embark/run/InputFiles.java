package io.embark.run;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * The data files at some paths. Passed over is what Spark passes over: names that begin with {@code
 * .} or {@code _}, such as {@code _SUCCESS}.
 *
 * @param files at least one
 * @param inSubdirectories whether some lie in a directory below a given one that is no partition
 *     {@code key=value}; Spark reads those only when told to
 */
public record InputFiles(List<FileStatus> files, boolean inSubdirectories) {

  /**
   * Lists them.
   *
   * @param paths files, directories or globs
   * @throws IllegalArgumentException naming a path without a data file
   */
  public static InputFiles at(List<String> paths, Configuration hadoop) throws IOException {
    List<FileStatus> files = new ArrayList<>();
    boolean inSubdirectories = false;
    for (String path : paths) {
      Path glob = new Path(path);
      FileSystem system = glob.getFileSystem(hadoop);
      int before = files.size();
      for (FileStatus match : matches(system, glob)) {
        if (match.isDirectory()) {
          inSubdirectories |= list(system, match.getPath(), files);
        } else if (!hidden(match.getPath())) {
          files.add(match);
        }
      }
      if (files.size() == before) {
        throw new IllegalArgumentException(
            "input: no data file at %s; names that begin with _ or . do not count."
                .formatted(system.makeQualified(glob)));
      }
    }
    return new InputFiles(List.copyOf(files), inSubdirectories);
  }

  private static FileStatus[] matches(FileSystem system, Path glob) throws IOException {
    FileStatus[] matches;
    try {
      matches = system.globStatus(glob);
    } catch (FileNotFoundException e) {
      matches = null;
    }
    if (matches == null || matches.length == 0) {
      throw new IllegalArgumentException(
          "input: nothing found at " + system.makeQualified(glob) + ".");
    }
    return matches;
  }

  /** Whether a file was found in a directory below that is no partition. */
  private static boolean list(FileSystem system, Path directory, List<FileStatus> into)
      throws IOException {
    boolean below = false;
    for (FileStatus child : system.listStatus(directory)) {
      if (hidden(child.getPath())) {
        continue;
      }
      if (!child.isDirectory()) {
        into.add(child);
        continue;
      }
      int before = into.size();
      below |= list(system, child.getPath(), into);
      below |= into.size() > before && !child.getPath().getName().contains("=");
    }
    return below;
  }

  private static boolean hidden(Path path) {
    String name = path.getName();
    return name.startsWith(".") || name.startsWith("_") && !name.contains("=");
  }
}
