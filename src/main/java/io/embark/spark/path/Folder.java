package io.embark.spark.path;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * A folder and what lies in it once links are followed, so that two names of one place are seen to
 * be one. It remembers what it found: ask a new object after something has moved.
 */
public final class Folder {
  private static final Set<String> BUCKETS = Set.of("s3", "s3n", "s3a");
  private static final String MOUNTS = "viewfs";

  private final Configuration hadoop;
  private final Path path;
  private final Path real;
  private final Map<Path, Boolean> known = new HashMap<>();

  private Folder(Path path, Configuration hadoop) throws IOException {
    this.hadoop = hadoop;
    this.path = qualified(path);
    this.real = real(this.path);
  }

  /** The folder at a path, which need not exist. */
  public static Folder of(Path path, Configuration hadoop) throws IOException {
    return new Folder(path, hadoop);
  }

  /** Whether a path, which need not exist, is this folder or lies in it, by name or in truth. */
  public boolean holds(Path other) throws IOException {
    Path inner = qualified(other);
    if (isLocal(inner) && Files.isSymbolicLink(local(inner)) && Files.exists(local(inner))) {
      return isThis(inner) || isIn(inner.getParent()) || isIn(real(inner));
    }
    // Files that are no links are many, and their folders few.
    return isThis(inner) || isIn(inner.getParent());
  }

  private boolean isIn(Path folder) throws IOException {
    if (folder == null) {
      return false;
    }
    Boolean before = known.get(folder);
    if (before != null) {
      return before;
    }
    boolean found = isThis(folder) || isIn(folder.getParent());
    if (!found) {
      Path leadsTo = real(folder);
      found = !leadsTo.equals(folder) && isIn(leadsTo);
    }
    known.put(folder, found);
    return found;
  }

  /** By name, or by the disk's word: it may not tell cases apart, or be mounted twice. */
  private boolean isThis(Path other) throws IOException {
    return other.equals(path)
        || other.equals(real)
        || isLocal(path)
            && isLocal(other)
            && Files.exists(local(path))
            && Files.exists(local(other))
            && Files.isSameFile(local(path), local(other));
  }

  /** Where a path leads; what is missing at its end stays as it is. */
  private Path real(Path at) throws IOException {
    try {
      if (isLocal(at)) {
        return new Path("file", null, local(at).toRealPath().toString());
      }
      FileSystem files = at.getFileSystem(hadoop);
      // Each question is a request, which an object store would answer for every folder of many.
      boolean leadsElsewhere =
          files.supportsSymlinks() || String.valueOf(files.getScheme()).startsWith(MOUNTS);
      return leadsElsewhere ? oneScheme(files.resolvePath(at)) : at;
    } catch (FileNotFoundException | NoSuchFileException e) {
      Path parent = at.getParent();
      // A name with a colon would be taken for a URI.
      return parent == null ? at : new Path(real(parent), new Path(null, null, at.getName()));
    }
  }

  private Path qualified(Path any) throws IOException {
    return oneScheme(any.getFileSystem(hadoop).makeQualified(any));
  }

  /** One bucket goes by several schemes. */
  private static Path oneScheme(Path any) {
    String scheme = String.valueOf(any.toUri().getScheme());
    return BUCKETS.contains(scheme)
        ? new Path("s3a", any.toUri().getAuthority(), any.toUri().getPath())
        : any;
  }

  private static boolean isLocal(Path any) {
    return "file".equals(any.toUri().getScheme());
  }

  private static java.nio.file.Path local(Path any) {
    return java.nio.file.Path.of(any.toUri().getPath());
  }
}
