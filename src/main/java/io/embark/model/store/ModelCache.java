package io.embark.model.store;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.hadoop.util.functional.CallableRaisingIOE;
import org.apache.hadoop.util.functional.ConsumerRaisingIOE;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Copies of models on this host, each made once for all threads and processes and made visible by
 * one rename, so that nobody ever sees half a model. A copy is never changed: a newer state of a
 * model is another copy, and a damaged one is moved aside, where whoever has it open keeps it.
 */
final class ModelCache {
  private static final Logger LOG = LoggerFactory.getLogger(ModelCache.class);
  private static final String FILLING = ".filling-";

  private final Path models;
  private final Path locks;
  private final long maxBytes;
  private final CacheOwner owner;

  ModelCache(Path root, long maxBytes, CacheOwner owner) {
    this.owner = owner;
    this.models = root.toAbsolutePath().normalize().resolve("models");
    this.locks = models.resolveSibling("locks");
    this.maxBytes = maxBytes;
  }

  /**
   * A copy of a model, filled first if there is none that is whole.
   *
   * @param key the copy's name, the same for the same contents only
   * @param afresh fill it even if there is one
   * @param filler puts the files into an empty directory
   * @throws IOException if it cannot be filled; nothing of it stays behind
   */
  Path get(String key, boolean afresh, ConsumerRaisingIOE<Path> filler) throws IOException {
    requireOwner();
    if (!afresh && whole(key)) {
      return models.resolve(key);
    }
    writable(
        () -> {
          makeRoot(models.getParent());
          CacheOwner.make(models);
          return Files.createDirectories(locks);
        });
    requireOwner();
    HostLock lock = HostLock.wait(fetchLock(key), "fetching model " + key);
    try {
      // Another one may have filled it while this one waited.
      if (afresh || !whole(key)) {
        sweep(key);
        fill(key, filler);
      }
      return models.resolve(key);
    } finally {
      lock.close();
    }
  }

  /**
   * Refuses a cache in which others than this user can put models.
   *
   * @throws io.embark.UserError naming the folder
   */
  private void requireOwner() throws IOException {
    owner.require(models.getParent(), models.getParent());
    owner.require(models, models.getParent());
  }

  /** {@link #requireOwner()}, and of all that is in a copy. */
  private void requireOwner(Path copy) throws IOException {
    requireOwner();
    try (Stream<Path> all = Files.walk(copy)) {
      for (Path path : all.toList()) {
        owner.require(path, models.getParent());
      }
    }
  }

  /** Makes a root in the shared temporary directory readable by this user only. */
  private static void makeRoot(Path root) throws IOException {
    boolean everybodys = Path.of(System.getProperty("java.io.tmpdir")).equals(root.getParent());
    if (!everybodys || !root.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      return;
    }
    try {
      Files.createDirectory(
          root, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    } catch (FileAlreadyExistsException e) {
      LOG.debug("Already there: {}", e.toString());
    }
  }

  private void fill(String key, ConsumerRaisingIOE<Path> filler) throws IOException {
    Path done = models.resolve(key);
    Path filling = writable(() -> aside(key));
    try {
      filler.accept(filling);
      long bytes = Inventory.write(filling).bytes();
      CacheOwner.close(filling);
      makeRoom(bytes, key);
      if (Files.exists(done)) {
        moveAside(key);
      }
      Files.move(filling, done, StandardCopyOption.ATOMIC_MOVE);
      UseLocks.hold(useLock(key));
    } finally {
      deleteTree(filling);
    }
  }

  /** Whether there is a finished copy without damage; if so it is in use from now on. */
  private boolean whole(String key) throws IOException {
    Path directory = models.resolve(key);
    if (Inventory.read(directory).isEmpty()) {
      return false;
    }
    requireOwner(directory);
    UseLocks.hold(useLock(key));
    // It may have been removed before the lock was held.
    Optional<Inventory> inventory = Inventory.read(directory);
    if (inventory.isEmpty()) {
      return false;
    }
    Optional<String> damage = inventory.get().damage(directory);
    damage.ifPresent(d -> LOG.warn("A copy in the model cache is damaged and not used: {}", d));
    return damage.isEmpty();
  }

  /** The newest whole copy whose key starts so. */
  Optional<Path> newest(String prefix) throws IOException {
    List<Path> newestFirst =
        copies(false).stream()
            .filter(copy -> name(copy).startsWith(prefix))
            .sorted(Comparator.comparing((Path copy) -> copy.toFile().lastModified()).reversed())
            .toList();
    for (Path copy : newestFirst) {
      if (whole(name(copy))) {
        return Optional.of(copy);
      }
    }
    return Optional.empty();
  }

  /** The copies that are finished, or those that are not. */
  private List<Path> copies(boolean unfinished) throws IOException {
    if (!Files.isDirectory(models)) {
      return List.of();
    }
    try (Stream<Path> all = Files.list(models)) {
      return all.filter(path -> name(path).contains(FILLING) == unfinished).toList();
    }
  }

  /** Removes what lies longest unused, until this many bytes more are within the limit. */
  private void makeRoom(long bytes, String forKey) throws IOException {
    long total = bytes;
    List<Path> oldestFirst =
        copies(false).stream()
            .filter(copy -> !name(copy).equals(forKey))
            .sorted(Comparator.comparing(copy -> UseLocks.lastUse(useLock(name(copy)))))
            .toList();
    for (Path copy : oldestFirst) {
      total += bytes(copy);
    }
    for (Path copy : oldestFirst) {
      if (total <= maxBytes) {
        return;
      }
      long freed = bytes(copy);
      String key = name(copy);
      if (HostLock.ifFree(
          fetchLock(key), () -> UseLocks.ifUnused(useLock(key), () -> moveAside(key)))) {
        LOG.info("Removed model {} ({} bytes) from the cache, unused the longest", copy, freed);
        total -= freed;
      }
    }
    if (total > maxBytes) {
      LOG.warn(
          "The model cache {} holds {} bytes, more than its limit of {}: every other model in it"
              + " is in use. EMBARK_CACHE_MAX sets the limit.",
          models,
          total,
          maxBytes);
    }
  }

  private static long bytes(Path copy) throws IOException {
    return Inventory.read(copy).map(Inventory::bytes).orElse(0L);
  }

  /**
   * A new folder that every user may read whom this user's umask lets: a copy may be made once for
   * all of a host, or while an image is built.
   */
  private Path aside(String key) throws IOException {
    return Files.createDirectory(models.resolve(key + FILLING + UUID.randomUUID()));
  }

  /** One rename, so that a copy is there or not, then its files one by one. */
  private void moveAside(String key) throws IOException {
    Path aside = aside(key);
    Files.move(models.resolve(key), aside.resolve("old"), StandardCopyOption.ATOMIC_MOVE);
    deleteTree(aside);
  }

  /** Removes what processes left that died while they filled a copy: they hold no lock any more. */
  private void sweep(String mine) throws IOException {
    for (Path path : copies(true)) {
      String key = name(path).substring(0, name(path).indexOf(FILLING));
      if (key.equals(mine)) {
        deleteTree(path);
      } else {
        HostLock.ifFree(
            fetchLock(key),
            () -> {
              deleteTree(path);
              return true;
            });
      }
    }
  }

  private static String name(Path copy) {
    return copy.getFileName().toString();
  }

  private Path fetchLock(String key) {
    return locks.resolve(key + ".fetch");
  }

  private Path useLock(String key) {
    return locks.resolve(key + ".use");
  }

  /** Whether a file belongs to a copy in this cache. */
  boolean holds(Path file) {
    return file.toAbsolutePath().normalize().startsWith(models);
  }

  private <T> T writable(CallableRaisingIOE<T> writing) throws IOException {
    try {
      return writing.apply();
    } catch (IOException e) {
      throw new IOException(
          ("Cannot write to the model cache %s as user %s: %s. Set EMBARK_CACHE to a directory on"
                  + " a disk of this host that can be written to.")
              .formatted(models.getParent(), System.getProperty("user.name"), e),
          e);
    }
  }

  private static void deleteTree(Path directory) throws IOException {
    try (Stream<Path> tree = Files.walk(directory)) {
      for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    } catch (NoSuchFileException | FileNotFoundException e) {
      LOG.debug("Already removed: {}", e.toString());
    }
  }
}
