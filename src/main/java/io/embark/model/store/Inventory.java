package io.embark.model.store;

import io.embark.model.Fingerprint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The files of a finished copy of a model with their sizes and SHA-256, listed in a file of its
 * directory. A directory without one is not finished.
 */
record Inventory(List<Entry> entries) {
  private static final String FILE = ".complete";

  /** A file by its path relative to the directory. */
  record Entry(String path, long size, String sha256) {}

  /** Takes stock of a directory and leaves the list in it. */
  static Inventory write(Path directory) throws IOException {
    List<Entry> entries = new ArrayList<>();
    try (Stream<Path> tree = Files.walk(directory)) {
      for (Path file : tree.filter(Files::isRegularFile).sorted().toList()) {
        entries.add(
            new Entry(
                directory.relativize(file).toString(), Files.size(file), Fingerprint.of(file)));
      }
    }
    String text =
        entries.stream()
            .map(e -> "%s %d %s\n".formatted(e.sha256, e.size, e.path))
            .collect(Collectors.joining());
    Files.writeString(directory.resolve(FILE), text);
    return new Inventory(entries);
  }

  /** Reads the list; empty if the directory is missing or not finished. */
  static Optional<Inventory> read(Path directory) throws IOException {
    Path file = directory.resolve(FILE);
    if (!Files.isRegularFile(file)) {
      return Optional.empty();
    }
    List<Entry> entries = new ArrayList<>();
    try {
      for (String line : Files.readAllLines(file)) {
        String[] parts = line.split(" ", 3);
        if (parts.length < 3 || !parts[1].matches("[0-9]{1,18}")) {
          return Optional.empty();
        }
        entries.add(new Entry(parts[2], Long.parseLong(parts[1]), parts[0]));
      }
    } catch (NoSuchFileException e) {
      // Removed in between.
      return Optional.empty();
    }
    return entries.isEmpty() ? Optional.empty() : Optional.of(new Inventory(entries));
  }

  long bytes() {
    return entries.stream().mapToLong(Entry::size).sum();
  }

  /**
   * The first difference of a directory from this list. Each file is read through once in the life
   * of this JVM, later only if its time or size has changed.
   */
  Optional<String> damage(Path directory) throws IOException {
    for (Entry entry : entries) {
      Path file = directory.resolve(entry.path);
      if (!Files.isRegularFile(file)) {
        return Optional.of("%s is missing".formatted(file));
      }
      long size = Files.size(file);
      if (size != entry.size) {
        return Optional.of(
            "%s has %d bytes, when it was copied it had %d".formatted(file, size, entry.size));
      }
      String found = Fingerprint.of(file);
      if (!found.equals(entry.sha256)) {
        return Optional.of(
            "%s has SHA-256 %s, when it was copied it had %s".formatted(file, found, entry.sha256));
      }
    }
    return Optional.empty();
  }
}
