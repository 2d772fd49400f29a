package io.embark.job;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * The rows to embed.
 *
 * @param paths files, directories or globs
 * @param format their format
 * @param options of Spark's reader, over those of the format
 */
record TextInput(List<String> paths, InputFormat format, Map<String, String> options) {

  /**
   * Looks at what is to be read.
   *
   * @param input comma-separated paths; a comma inside braces belongs to a glob
   * @param format null to go by the extensions
   * @param options {@code key=value}, comma-separated, or null
   * @throws IllegalArgumentException if nothing is there or the format cannot be told
   */
  static TextInput of(String input, InputFormat format, String options, Configuration hadoop)
      throws IOException {
    List<String> paths = splitOutsideBraces(input);
    Map<String, InputFormat> found = new TreeMap<>();
    for (String path : paths) {
      FileStatus file = firstFile(path, hadoop);
      if (format == null) {
        String name = file.getPath().getName();
        found.put(
            name,
            InputFormat.ofFileName(name)
                .orElseThrow(
                    () ->
                        new IllegalArgumentException(
                            "input: cannot tell the format of %s by its name; set format to one of %s."
                                .formatted(file.getPath(), InputFormat.labels()))));
      }
    }
    if (found.values().stream().distinct().count() > 1) {
      throw new IllegalArgumentException(
          "input: files of different formats, %s; give one format a run."
              .formatted(String.join(", ", found.keySet())));
    }
    InputFormat chosen = format != null ? format : found.values().iterator().next();
    Map<String, String> all = new HashMap<>(chosen.options());
    all.putAll(parseOptions(options));
    return new TextInput(paths, chosen, all);
  }

  /** The rows; those of a text file get one column of the given name. */
  Dataset<Row> read(SparkSession spark, String textCol) {
    Dataset<Row> rows =
        spark
            .read()
            .format(format.sparkFormat())
            .options(options)
            .load(paths.toArray(String[]::new));
    return format == InputFormat.TEXT ? rows.withColumnRenamed("value", textCol) : rows;
  }

  private static FileStatus firstFile(String path, Configuration hadoop) throws IOException {
    Path glob = new Path(path);
    FileSystem files = glob.getFileSystem(hadoop);
    FileStatus[] matches;
    try {
      matches = files.globStatus(glob);
    } catch (FileNotFoundException e) {
      matches = null;
    }
    if (matches == null || matches.length == 0) {
      throw new IllegalArgumentException(
          "input: nothing found at " + files.makeQualified(glob) + ".");
    }
    for (FileStatus match : matches) {
      FileStatus file = firstFile(files, match);
      if (file != null) {
        return file;
      }
    }
    throw new IllegalArgumentException(
        "input: no data file under " + files.makeQualified(glob) + ".");
  }

  private static FileStatus firstFile(FileSystem files, FileStatus status) throws IOException {
    if (!status.isDirectory()) {
      return status;
    }
    for (FileStatus child : files.listStatus(status.getPath())) {
      String name = child.getPath().getName();
      // What Spark itself passes over.
      if (!name.startsWith("_") && !name.startsWith(".")) {
        FileStatus file = firstFile(files, child);
        if (file != null) {
          return file;
        }
      }
    }
    return null;
  }

  private static List<String> splitOutsideBraces(String text) {
    List<String> parts = new ArrayList<>();
    StringBuilder part = new StringBuilder();
    int depth = 0;
    for (char c : text.toCharArray()) {
      depth += c == '{' ? 1 : c == '}' ? -1 : 0;
      if (c == ',' && depth == 0) {
        parts.add(part.toString().strip());
        part.setLength(0);
      } else {
        part.append(c);
      }
    }
    parts.add(part.toString().strip());
    parts.removeIf(String::isEmpty);
    return parts;
  }

  private static Map<String, String> parseOptions(String options) {
    Map<String, String> parsed = new HashMap<>();
    if (options != null) {
      for (String option : options.split(",(?=[A-Za-z]+=)")) {
        int equals = option.indexOf('=');
        if (equals < 1) {
          throw new IllegalArgumentException(
              "read-option: found '%s', wanted key=value.".formatted(option));
        }
        parsed.put(option.substring(0, equals).strip(), option.substring(equals + 1));
      }
    }
    return parsed;
  }
}
