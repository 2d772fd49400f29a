package io.embark.model.store;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveOutputStream;

/**
 * Archives of entries given by name and contents, one byte a character; {@code -> TARGET} is a
 * symbolic link.
 */
final class Archives {
  private Archives() {}

  /** In the format that the file's name says. */
  static Path write(Path file, Map<String, String> entries) throws IOException {
    if (ArchiveTree.Format.of(file.toString()).orElseThrow() == ArchiveTree.Format.ZIP) {
      zip(file, entries);
      return file;
    }
    boolean packed = !file.toString().endsWith(".tar");
    try (OutputStream out = Files.newOutputStream(file);
        OutputStream plain = packed ? new GZIPOutputStream(out) : out;
        TarArchiveOutputStream tar = new TarArchiveOutputStream(plain, "UTF-8")) {
      tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
      tar.setAddPaxHeadersForNonAsciiNames(true);
      for (Map.Entry<String, String> entry : entries.entrySet()) {
        byte[] contents = entry.getValue().getBytes(StandardCharsets.ISO_8859_1);
        TarArchiveEntry header;
        if (entry.getValue().startsWith("-> ")) {
          header = new TarArchiveEntry(entry.getKey(), TarConstants.LF_SYMLINK);
          header.setLinkName(entry.getValue().substring(3));
          contents = new byte[0];
        } else {
          header = new TarArchiveEntry(entry.getKey(), true);
          header.setSize(contents.length);
        }
        tar.putArchiveEntry(header);
        tar.write(contents);
        tar.closeArchiveEntry();
      }
    }
    return file;
  }

  private static void zip(Path file, Map<String, String> entries) throws IOException {
    try (ZipArchiveOutputStream zip = new ZipArchiveOutputStream(file)) {
      for (Map.Entry<String, String> entry : entries.entrySet()) {
        ZipArchiveEntry header = new ZipArchiveEntry(entry.getKey());
        boolean link = entry.getValue().startsWith("-> ");
        header.setUnixMode(link ? 0120777 : 0100644);
        String contents = link ? entry.getValue().substring(3) : entry.getValue();
        zip.putArchiveEntry(header);
        zip.write(contents.getBytes(StandardCharsets.ISO_8859_1));
        zip.closeArchiveEntry();
      }
    }
  }
}
