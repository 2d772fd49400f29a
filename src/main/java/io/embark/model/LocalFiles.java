package io.embark.model;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.EnumSet;
import java.util.SortedSet;
import java.util.TreeSet;

/** Lists the files of a model's directory of this host. */
final class LocalFiles {
  /** As deep as {@code 0_Transformer/onnx/model.onnx}. */
  private static final int DEEPEST = 3;

  /** More than any model has: a disk that is named by mistake is not listed to its end. */
  private static final int MOST_FILES = 10_000;

  private LocalFiles() {}

  /**
   * Files by their paths relative to a directory, {@code /} between their parts. Links are followed
   * and hidden folders left out; so is what cannot be looked at.
   */
  static SortedSet<String> below(Path directory) {
    SortedSet<String> files = new TreeSet<>();
    try {
      Files.walkFileTree(
          directory,
          EnumSet.of(FileVisitOption.FOLLOW_LINKS),
          DEEPEST,
          collector(directory, files));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return files;
  }

  private static SimpleFileVisitor<Path> collector(Path directory, SortedSet<String> files) {
    return new SimpleFileVisitor<>() {
      @Override
      public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes found) {
        boolean hidden =
            folder.getFileName() != null && folder.getFileName().toString().startsWith(".");
        return hidden && !folder.equals(directory)
            ? FileVisitResult.SKIP_SUBTREE
            : FileVisitResult.CONTINUE;
      }

      @Override
      public FileVisitResult visitFile(Path file, BasicFileAttributes found) {
        if (found.isRegularFile()) {
          files.add(
              directory
                  .relativize(file)
                  .toString()
                  .replace(directory.getFileSystem().getSeparator(), "/"));
        }
        return files.size() < MOST_FILES ? FileVisitResult.CONTINUE : FileVisitResult.TERMINATE;
      }

      @Override
      public FileVisitResult visitFileFailed(Path file, IOException e) {
        return FileVisitResult.CONTINUE;
      }
    };
  }
}
