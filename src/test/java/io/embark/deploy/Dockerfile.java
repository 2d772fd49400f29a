package io.embark.deploy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** {@code jobs/kubernetes/Dockerfile}, one string per instruction. */
final class Dockerfile {
  static final Path FILE = Path.of("jobs/kubernetes/Dockerfile");

  private Dockerfile() {}

  static List<String> instructions() throws IOException {
    String text = Files.readString(FILE).replaceAll("(?m)^\\s*#.*\\R", "");
    return text.replaceAll("\\\\\\R\\s*", " ").lines().filter(line -> !line.isBlank()).toList();
  }

  /** Arguments of each instruction of that name. */
  static List<String> arguments(String instruction) throws IOException {
    return instructions().stream()
        .filter(line -> line.startsWith(instruction + " "))
        .map(line -> line.substring(instruction.length()).strip().replaceAll("\\s+", " "))
        .toList();
  }

  /** What is copied from the build context. */
  static Set<String> copied() throws IOException {
    return arguments("COPY").stream()
        .filter(copy -> !copy.startsWith("--from"))
        .map(copy -> copy.split(" ")[0])
        .collect(Collectors.toSet());
  }

  /** The user that the image runs as. */
  static String user() throws IOException {
    List<String> users = arguments("USER");
    return users.get(users.size() - 1);
  }
}
