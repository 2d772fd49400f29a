package io.embark.cli.embed;

import io.embark.cli.JobSettings;
import io.embark.input.InputFiles.Given;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * The paths in a value of {@code --input}: a path that is there is that path, whatever is in its
 * name; else commas part several, except within the braces of a glob.
 */
final class InputPaths {
  private InputPaths() {}

  static List<Given> of(String input, Configuration hadoop) throws IOException {
    List<String> parts = isThere(input, hadoop) ? List.of(input) : splitOutsideBraces(input);
    List<Given> paths = new ArrayList<>();
    for (int from = 0; from < parts.size(); ) {
      int end = from + 1;
      if (!isThere(parts.get(from), hadoop)) {
        end = endOfNameWithCommas(parts, from, hadoop);
      }
      String text = String.join(",", parts.subList(from, end));
      if (!text.isBlank()) {
        // A name may begin or end with a space, a list is often written with spaces between.
        String path = isThere(text, hadoop) ? text : text.strip();
        paths.add(new Given(path, JobSettings.path("input", path, hadoop)));
      }
      from = end;
    }
    return paths;
  }

  /** Where the parts of one existing name end; the next part if there is no such name. */
  private static int endOfNameWithCommas(List<String> parts, int from, Configuration hadoop)
      throws IOException {
    for (int end = from + 2; end <= parts.size(); end++) {
      if (isThere(String.join(",", parts.subList(from, end)), hadoop)) {
        return end;
      }
    }
    return from + 1;
  }

  private static boolean isThere(String text, Configuration hadoop) throws IOException {
    if (text.isBlank()) {
      return false;
    }
    Path path = JobSettings.path("input", text, hadoop);
    return path.getFileSystem(hadoop).exists(path);
  }

  private static List<String> splitOutsideBraces(String text) {
    List<String> parts = new ArrayList<>();
    StringBuilder part = new StringBuilder();
    int depth = 0;
    for (char c : text.toCharArray()) {
      depth += c == '{' ? 1 : c == '}' ? -1 : 0;
      if (c == ',' && depth == 0) {
        parts.add(part.toString());
        part.setLength(0);
      } else {
        part.append(c);
      }
    }
    parts.add(part.toString());
    return parts;
  }
}
