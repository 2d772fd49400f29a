package io.embark;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
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
    return types(Files.readString(PAGE));
  }

  private static List<String> types(String page) {
    return LINE.matcher(page).results().map(line -> line.group(1)).toList();
  }

  @Test
  void everyTypeIsThereAndPublic() throws Exception {
    List<String> types = promised();
    assertThat(types).hasSizeGreaterThan(30).doesNotHaveDuplicates();
    for (String type : types) {
      assertThat(Modifier.isPublic(Class.forName(type).getModifiers())).as(type).isTrue();
    }
  }

  /** What a user can call, its user can name. */
  @Test
  void theirMethodsTakeAndGiveNoOtherType() throws Exception {
    List<String> types = promised();
    Set<String> others = new TreeSet<>();
    String first = Files.readString(PAGE).split("Types that their methods", 2)[0];
    for (String type : types(first)) {
      Class<?> of = Class.forName(type);
      Stream.of(of.getMethods(), of.getConstructors())
          .flatMap(Arrays::stream)
          .filter(member -> member.getDeclaringClass().getName().startsWith("io.embark."))
          .forEach(
              member -> {
                List<Class<?>> named = new ArrayList<>(List.of(member.getParameterTypes()));
                if (member instanceof Method method) {
                  named.add(method.getReturnType());
                }
                for (Class<?> each : named) {
                  String name = outermost(each).getName();
                  if (name.startsWith("io.embark.")
                      && !types.contains(name)
                      && !each.isAssignableFrom(of)) {
                    others.add(name + " in " + of.getSimpleName() + "." + member.getName());
                  }
                }
              });
    }
    assertThat(others).isEmpty();
  }

  private static Class<?> outermost(Class<?> type) {
    Class<?> at = type.isArray() ? type.getComponentType() : type;
    while (at.isArray() || at.getEnclosingClass() != null) {
      at = at.isArray() ? at.getComponentType() : at.getEnclosingClass();
    }
    return at;
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
