package io.embark.model.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.embark.UserError;
import io.embark.testing.TinyModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Caches in which somebody else may have put a model. */
@EnabledOnOs({OS.LINUX, OS.MAC})
class CacheOwnerTest {
  private static final int SOMEBODY = 54_321;

  @TempDir Path directory;
  private Path cache;
  private String uri;

  @BeforeEach
  void fill() throws IOException {
    FarAway.reset();
    cache = directory.resolve("cache");
    TinyModels.writeFiles(
        directory.resolve("m"), Map.of("model.onnx", "graph", "tokenizer.json", "{}"));
    uri = "far:" + directory.resolve("m");
    FarAway.store(cache).open(uri, null);
  }

  private static void mode(Path path, String permissions) throws IOException {
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
  }

  private Path copy() throws IOException {
    try (Stream<Path> copies = Files.list(cache.resolve("models"))) {
      return copies.findFirst().orElseThrow();
    }
  }

  private ModelStore trusting(String user) {
    return new ModelStore(
        new CacheSettings(cache, 1L << 40, false, new CacheOwner(user)),
        new FarAway.Conf(),
        new Retries(1, 1),
        new HostFolders(cache.resolve("builtins"), cache.resolve("hub")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"rwxrwxr-x", "rwxr-xrwx", "rwxrwxrwx"})
  void whatOthersMayWriteToIsNotRead(String permissions) throws IOException {
    Path graph = copy().resolve("model.onnx");
    for (Path path : new Path[] {cache, cache.resolve("models"), copy(), graph}) {
      mode(path, permissions);
      for (boolean down : new boolean[] {false, true}) {
        FarAway.down = down;
        assertThatThrownBy(() -> FarAway.store(cache).open(uri, null))
            .isInstanceOf(UserError.class)
            .hasMessageContaining("The model cache " + path.toRealPath())
            .hasMessageContaining(permissions)
            .hasMessageContaining("chmod -R go-w " + cache)
            .hasMessageContaining("EMBARK_CACHE");
      }
      FarAway.reset();
      mode(path, "rwxr-xr-x");
    }
    assertThat(FarAway.store(cache).open(uri, null).onnxFile()).isEqualTo(graph);
  }

  @Test
  void whatSomebodyElseOwnsIsNotReadUnlessTheyAreNamed() throws IOException {
    Path models = cache.resolve("models");
    for (Path path : new Path[] {cache, models, copy(), copy().resolve("model.onnx")}) {
      Object mine = Files.getAttribute(path, "unix:uid");
      try {
        Files.setAttribute(path, "unix:uid", SOMEBODY);
      } catch (IOException e) {
        assumeThat(e).as("only an administrator can give files away").isNull();
      }
      String owner = Files.getOwner(path).getName();
      assertThatThrownBy(() -> trusting(null).open(uri, null))
          .isInstanceOf(UserError.class)
          .hasMessageContaining("The model cache " + path.toRealPath())
          .hasMessageContaining("belongs to user " + owner)
          .hasMessageContaining("EMBARK_CACHE_OWNER to " + owner);
      assertThat(trusting(owner).open(uri, null).onnxFile()).exists();
      Files.setAttribute(path, "unix:uid", mine);
    }
  }

  @Test
  void whatIsMadeIsClosedToOthersWhateverTheUmask() throws IOException {
    Files.createDirectories(directory.resolve("open"));
    ModelCache made =
        new ModelCache(directory.resolve("open/cache"), 1L << 40, new CacheOwner(null));
    Path copy =
        made.get(
            "key",
            false,
            target -> {
              Files.writeString(target.resolve("file"), "contents");
              mode(target.resolve("file"), "rw-rw-rw-");
              mode(target, "rwxrwxrwx");
            });
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(copy)))
        .isEqualTo("rwxr-xr-x");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(copy.resolve("file"))))
        .isEqualTo("rw-r--r--");
  }

  @Test
  void aFolderInASharedOneIsTheUsersOwn() throws IOException {
    mode(directory, "rwxrwxrwx");
    assertThat(FarAway.store(cache).open(uri, null).onnxFile()).exists();
    mode(cache, "rwxrwxrwx");
    Files.setAttribute(cache, "unix:mode", 01777);
    assertThat(FarAway.store(cache).open(uri, null).onnxFile()).exists();
  }
}
