package io.embark.model.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.embark.testing.TinyModels;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Copies shared by the threads of one JVM; several JVMs are in {@link ModelProcessesTest}. */
class ModelCacheTest {
  @TempDir Path cache;
  @TempDir Path models;

  @BeforeEach
  void reset() {
    FarAway.reset();
  }

  private String write(String name, int bytes) {
    TinyModels.writeFiles(
        models.resolve(name), Map.of("model.onnx", "g".repeat(bytes), "tokenizer.json", "{}"));
    return "far:" + models.resolve(name);
  }

  private List<String> cached() throws IOException {
    try (Stream<Path> entries = Files.list(cache.resolve("models"))) {
      return entries.map(p -> p.getFileName().toString().split("-")[0]).sorted().toList();
    }
  }

  private void usedAt(String name, long millis) throws IOException {
    try (Stream<Path> locks = Files.list(cache.resolve("locks"))) {
      for (Path lock : locks.toList()) {
        String file = lock.getFileName().toString();
        if (file.startsWith(name + "-") && file.endsWith(".use-time")) {
          Files.setLastModifiedTime(lock, FileTime.fromMillis(millis));
        }
      }
    }
  }

  @Test
  void fiftyThreadsCopyOnce() throws Exception {
    String uri = write("m", 100_000);
    int count = 50;
    ExecutorService threads = Executors.newFixedThreadPool(count);
    CountDownLatch start = new CountDownLatch(count);
    try {
      List<Future<Path>> opened =
          IntStream.range(0, count)
              .mapToObj(
                  i ->
                      threads.submit(
                          () -> {
                            start.countDown();
                            start.await();
                            return FarAway.store(cache).open(uri, null).onnxFile();
                          }))
              .toList();
      for (Future<Path> graph : opened) {
        assertThat(graph.get()).isEqualTo(opened.get(0).get()).hasSize(100_000);
      }
    } finally {
      threads.shutdownNow();
    }
    assertThat(FarAway.OPENED).as("graph and tokenizer").hasValue(2);
    assertThat(cached()).containsExactly("m");
  }

  @Test
  void theLongestUnusedGoWhenTheLimitIsReached() throws IOException {
    for (String name : List.of("one", "two", "three")) {
      FarAway.store(cache).open(write(name, 1000), null);
    }
    UseLocks.releaseAll();
    usedAt("one", 3_000);
    usedAt("two", 1_000);
    usedAt("three", 2_000);
    // Room for two and a half.
    FarAway.store(cache, 2_500, false).open(write("four", 1000), null);
    assertThat(cached()).containsExactly("four", "one");
  }

  @Test
  void whatIsInUseStays() throws IOException {
    Path one = FarAway.store(cache).open(write("one", 1000), null).onnxFile();
    FarAway.store(cache, 1_500, false).open(write("two", 1000), null);
    assertThat(one).exists();
    assertThat(cached()).containsExactly("one", "two");
    UseLocks.releaseAll();
    FarAway.store(cache, 1_500, false).open(write("three", 1000), null);
    assertThat(cached()).containsExactly("three");
  }

  @Test
  void openingIsUsing() throws IOException {
    String one = write("one", 1000);
    FarAway.store(cache).open(one, null);
    FarAway.store(cache).open(write("two", 1000), null);
    usedAt("one", 1_000);
    usedAt("two", 2_000);
    FarAway.store(cache).open(one, null);
    UseLocks.releaseAll();
    FarAway.store(cache, 2_500, false).open(write("three", 1000), null);
    assertThat(cached()).containsExactly("one", "three");
  }

  @Test
  void whatADeadProcessLeftIsRemoved() throws IOException {
    String uri = write("m", 10);
    String key = FarAway.store(cache).open(uri, null).onnxFile().getParent().getFileName() + "";
    Path mine = Files.createDirectories(cache.resolve("models/" + key + ".filling-1"));
    Path others = Files.createDirectories(cache.resolve("models/other-a-b.filling-2"));
    Files.writeString(mine.resolve("model.onnx"), "half");
    Files.writeString(others.resolve("model.onnx"), "half");
    FarAway.store(cache).open(write("n", 10), null);
    assertThat(mine).doesNotExist();
    assertThat(others).doesNotExist();
  }

  @Test
  void whatAnotherThreadIsFillingIsNotRemoved() throws Exception {
    String slow = write("slow", 10);
    String quick = write("quick", 10);
    CountDownLatch reading = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    FarAway.whenRead =
        () -> {
          if (Thread.currentThread().getName().equals("slow")) {
            reading.countDown();
            try {
              goOn.await();
            } catch (InterruptedException e) {
              throw new AssertionError(e);
            }
          }
        };
    Path[] graph = new Path[1];
    Thread thread =
        new Thread(
            () -> {
              try {
                graph[0] = FarAway.store(cache).open(slow, null).onnxFile();
              } catch (IOException e) {
                throw new AssertionError(e);
              }
            },
            "slow");
    thread.start();
    reading.await();
    // A limit that would have everything removed, and a sweep.
    FarAway.store(cache, 1, false).open(quick, null);
    goOn.countDown();
    thread.join();
    assertThat(graph[0]).hasSize(10);
  }

  @Test
  void aCacheThatCannotBeMadeIsSaid() throws IOException {
    Path file = Files.writeString(models.resolve("file"), "");
    assertThatThrownBy(() -> FarAway.store(file.resolve("cache")).open(write("m", 10), null))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("Cannot write to the model cache " + file.resolve("cache"))
        .hasMessageContaining("EMBARK_CACHE");
  }

  @Test
  void aCacheThatMayOnlyBeReadStillServesWhatItHolds() throws IOException {
    String uri = write("m", 10);
    Path graph = FarAway.store(cache).open(uri, null).onnxFile();
    // As in an image that was built with the model in it: nothing can be locked or written.
    UseLocks.releaseAll();
    try (Stream<Path> locks = Files.list(cache.resolve("locks"))) {
      for (Path lock : locks.toList()) {
        Files.delete(lock);
      }
    }
    Files.delete(cache.resolve("locks"));
    Files.writeString(cache.resolve("locks"), "not a directory");
    assertThat(FarAway.store(cache).open(uri, null).onnxFile()).isEqualTo(graph);
    assertThatThrownBy(() -> FarAway.store(cache).open(write("n", 10), null))
        .hasMessageContaining("Cannot write to the model cache");
  }

  /** As in an image that was built by another user. */
  @Test
  void whoeverMayReadTheCacheMayReadACopy() throws IOException {
    Path copy = FarAway.store(cache.resolve("of-all")).open(write("m", 10), null).onnxFile();
    assertThat(Files.getPosixFilePermissions(copy.getParent()))
        .isEqualTo(Files.getPosixFilePermissions(cache.resolve("of-all/models")));
    assertThat(Files.getPosixFilePermissions(copy))
        .isEqualTo(Files.getPosixFilePermissions(copy.resolveSibling("tokenizer.json")));
  }

  @Test
  void aCacheInTheTemporaryDirectoryIsTheUsersAlone() throws IOException {
    String before = System.getProperty("java.io.tmpdir");
    System.setProperty("java.io.tmpdir", cache.toString());
    try {
      FarAway.store(cache.resolve("embark-me")).open(write("m", 10), null);
    } finally {
      System.setProperty("java.io.tmpdir", before);
    }
    assertThat(
            PosixFilePermissions.toString(
                Files.getPosixFilePermissions(cache.resolve("embark-me"))))
        .isEqualTo("rwx------");
  }

  @Test
  void aFullDiskIsSaidBeforeAnythingIsCopied() throws IOException {
    Path full = Path.of("/dev/full");
    assumeThat(full).matches(Files::exists);
    long space = Files.getFileStore(cache).getTotalSpace();
    assertThatThrownBy(() -> CopyIn.requireSpace(cache, space + 1, "huge"))
        .isInstanceOf(Retries.LocalDiskException.class)
        .hasMessageContaining("Model huge takes " + (space + 1) + " bytes")
        .hasMessageContaining("Free space at " + cache)
        .hasMessageContaining("EMBARK_CACHE");
    // Also of one file, an archive for example, of which not a byte is asked for.
    InputStream untouched =
        new InputStream() {
          @Override
          public int read() {
            throw new AssertionError("read");
          }
        };
    assertThatThrownBy(() -> CopyIn.file(untouched, cache.resolve("a"), space + 1, "http://m.zip"))
        .isInstanceOf(Retries.LocalDiskException.class)
        .hasMessageContaining("Model http://m.zip takes " + (space + 1) + " bytes");
    // A device that takes no byte.
    try (var in =
        Files.newInputStream(models.resolve(write("m", 10).substring(4) + "/model.onnx"))) {
      assertThatThrownBy(() -> CopyIn.file(in, full, 10, "far:m"))
          .isInstanceOf(Retries.LocalDiskException.class)
          .hasMessageContaining("Cannot write /dev/full: No space left on device");
    }
  }
}
