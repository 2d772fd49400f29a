package io.embark;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The types that docs/api.md promises to users. */
class ApiTest {
  private static final Path PAGE = Path.of("docs/api.md");
  private static final Pattern LINE = Pattern.compile("\\| `(io\\.embark[\\w.]+)` \\| (.+) \\|");
  private static final Pattern USED =
      Pattern.compile("(?:import |\")(io\\.embark\\.[\\w.]+)[;\"\\\\]");

  private static List<String> promised() throws IOException {
    List<String> types = new ArrayList<>();
    for (String line : Files.readAllLines(PAGE)) {
      Matcher matcher = LINE.matcher(line);
      if (matcher.matches()) {
        types.add(matcher.group(1));
      }
    }
    return types;
  }

  @Test
  void everyTypeIsThereAndPublic() throws Exception {
    List<String> types = promised();
    assertThat(types).hasSizeGreaterThan(30).doesNotHaveDuplicates();
    for (String type : types) {
      assertThat(Modifier.isPublic(Class.forName(type).getModifiers())).as(type).isTrue();
    }
  }

  /** Wildcards aside: a notebook may import a package and use the types of this page. */
  @Test
  void docsAndNotebooksNameNoOtherType() throws Exception {
    List<String> types = promised();
    List<Path> pages = new ArrayList<>(List.of(Path.of("README.md")));
    for (String folder : List.of("docs", "notebooks")) {
      try (Stream<Path> files = Files.list(Path.of(folder))) {
        files.filter(file -> file.toString().matches(".*\\.(md|ipynb)")).forEach(pages::add);
      }
    }
    for (Path page : pages) {
      Matcher used = USED.matcher(Files.readString(page));
      while (used.find()) {
        assertThat(types)
            .as("types for users, of which " + page + " names one")
            .contains(used.group(1));
      }
    }
  }
}
