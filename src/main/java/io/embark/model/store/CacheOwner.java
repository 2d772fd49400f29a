package io.embark.model.store;

import static java.nio.file.attribute.PosixFilePermission.GROUP_WRITE;
import static java.nio.file.attribute.PosixFilePermission.OTHERS_WRITE;

import io.embark.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Whose models are taken from a cache: those of this process's user, of the machine's administrator
 * and of a user named for it. Whoever else can write there could put another model in a copy's
 * place, with its checksums.
 *
 * @param trusted the name of a user; null for none
 */
record CacheOwner(String trusted) {
  private static final int ROOT = 0;

  /** The bit of a folder in which nobody can rename what others own. */
  private static final int STICKY = 01000;

  private static final Set<PosixFilePermission> OF_OTHERS = Set.of(GROUP_WRITE, OTHERS_WRITE);

  /**
   * Refuses a file or folder of a cache that somebody else owns or can write to. One that is
   * missing is fine.
   *
   * @throws UserError naming it and the owner
   */
  void require(Path folder, Path cache) throws IOException {
    if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS) || !isUnix(folder)) {
      return;
    }
    Path real = folder.toRealPath();
    PosixFileAttributes found = Files.readAttributes(real, PosixFileAttributes.class);
    String owner = found.owner().getName();
    boolean known =
        found.owner().equals(Self.USER)
            || Objects.equals(Files.getAttribute(real, "unix:uid"), ROOT)
            || owner.equals(trusted);
    if (!known) {
      throw new UserError(
          ("The model cache %s belongs to user %s and not to this one, %s, who would run whatever"
                  + " models lie there. Set EMBARK_CACHE to a directory of this user, or"
                  + " EMBARK_CACHE_OWNER to %s if that user is to be trusted.")
              .formatted(real, owner, Self.USER.getName(), owner));
    }
    boolean sticky = ((int) Files.getAttribute(real, "unix:mode") & STICKY) != 0;
    if (!sticky && found.permissions().stream().anyMatch(OF_OTHERS::contains)) {
      throw new UserError(
          ("The model cache %s of user %s can be written to by others (%s), who could put other"
                  + " models there. Take that right away (chmod -R go-w %s), or set EMBARK_CACHE to a"
                  + " directory that only this user can write to; it may lie in this one.")
              .formatted(real, owner, PosixFilePermissions.toString(found.permissions()), cache));
    }
  }

  /** Takes from others, where there are others, the right to write to anything in a folder. */
  static void close(Path folder) throws IOException {
    if (!isUnix(folder)) {
      return;
    }
    try (Stream<Path> tree = Files.walk(folder)) {
      for (Path path : tree.toList()) {
        Set<PosixFilePermission> left = new HashSet<>(Files.getPosixFilePermissions(path));
        if (left.removeAll(OF_OTHERS)) {
          Files.setPosixFilePermissions(path, left);
        }
      }
    }
  }

  /** Makes a folder, and those above it that are missing, that only this user can write to. */
  static void make(Path folder) throws IOException {
    if (isUnix(folder.getRoot())) {
      Files.createDirectories(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x")));
    } else {
      Files.createDirectories(folder);
    }
  }

  private static boolean isUnix(Path path) {
    return path.getFileSystem().supportedFileAttributeViews().contains("unix");
  }

  /** The user as the file system knows it: a container's may have no name. */
  private static final class Self {
    static final UserPrincipal USER = find();

    private static UserPrincipal find() {
      try {
        Path mine = Files.createTempFile("embark", null);
        try {
          return Files.getOwner(mine);
        } finally {
          Files.delete(mine);
        }
      } catch (IOException e) {
        String name = System.getProperty("user.name");
        // Equal to no owner: without a place to write to, only an administrator's files are taken.
        return () -> name;
      }
    }
  }
}
