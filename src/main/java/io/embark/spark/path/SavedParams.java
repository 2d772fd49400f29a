package io.embark.spark.path;

import io.embark.UserError;
import java.io.BufferedReader;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkContext;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.DefaultParamsReader$;

/**
 * The params of a stage as MLlib saves them, in JSON under {@code metadata}. MLlib's own reader
 * takes a path with a comma for two, and {@code [ ] { } * ?} for a pattern.
 */
public final class SavedParams {
  private SavedParams() {}

  /**
   * Reads them.
   *
   * @param className of the stage that is wanted, or "" for any
   * @throws UserError if a stage of another class was saved there
   * @throws UncheckedIOException if nothing was
   */
  public static DefaultParamsReader.Metadata read(String path, SparkContext sc, String className) {
    String json;
    try {
      json = firstLine(new Path(path, "metadata"), sc);
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
    try {
      return DefaultParamsReader$.MODULE$.parseMetadata(json, className);
    } catch (IllegalArgumentException e) {
      // MLlib's word on a stage of another class.
      throw new UserError("%s: %s".formatted(path, e.getMessage()), e);
    }
  }

  private static String firstLine(Path folder, SparkContext sc) throws IOException {
    FileSystem files = folder.getFileSystem(sc.hadoopConfiguration());
    FileStatus[] parts =
        files.listStatus(folder, file -> !file.getName().startsWith("_") && !hidden(file));
    for (FileStatus part : Arrays.stream(parts).sorted().toList()) {
      try (BufferedReader lines =
          new BufferedReader(
              new InputStreamReader(files.open(part.getPath()), StandardCharsets.UTF_8))) {
        String line = lines.readLine();
        if (line != null) {
          return line;
        }
      }
    }
    throw new FileNotFoundException("No saved stage at %s.".formatted(folder.getParent()));
  }

  /** A pattern that only this path matches, for MLlib's own readers of what they saved. */
  public static String pattern(String path) {
    // A comma in braces is no border between two paths, and escaped none between two choices.
    return path.replaceAll("[\\[\\]{}*?\\\\]", "\\\\$0").replace(",", "{\\,}");
  }

  private static boolean hidden(Path file) {
    return file.getName().startsWith(".");
  }
}
