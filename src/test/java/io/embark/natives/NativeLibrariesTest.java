package io.embark.natives;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeLibrariesTest {
  private static final NativeStamp.Versions OURS =
      new NativeStamp.Versions("1.23.2", "0.21.0-0.36.0", "os-a");

  @TempDir Path directory;

  private Path folder(NativeStamp.Versions versions) throws IOException {
    Path folder = Files.createDirectory(directory.resolve("natives"));
    Files.writeString(folder.resolve("libone.so"), "12345");
    new NativeStamp(versions, Map.of("libone.so", 5L)).write(folder);
    return folder;
  }

  private void refused(Path folder, String... parts) {
    assertThatIllegalStateException()
        .isThrownBy(() -> NativeLibraries.check(folder, OURS))
        .withMessageContainingAll(parts)
        .withMessageContainingAll(folder.toString(), "EMBARK_NATIVES", "extract-natives.sh");
  }

  @Test
  void acceptsAWholeFolderOfTheSameVersions() throws IOException {
    Path folder = folder(OURS);

    assertThatCode(() -> NativeLibraries.check(folder, OURS)).doesNotThrowAnyException();
  }

  @Test
  void refusesOtherVersionsAndPlatforms() throws IOException {
    Path folder = folder(new NativeStamp.Versions("1.22.0", "0.21.0-0.36.0", "os-a"));
    refused(folder, "holds ONNX Runtime 1.22.0", "the class path ONNX Runtime 1.23.2");

    new NativeStamp(new NativeStamp.Versions("1.23.2", "0.20.3-0.31.0", "os-a"), Map.of())
        .write(folder);
    refused(folder, "tokenizers 0.20.3-0.31.0");

    new NativeStamp(new NativeStamp.Versions("1.23.2", "0.21.0-0.36.0", "os-b"), Map.of())
        .write(folder);
    refused(folder, "for os-b");
  }

  @Test
  void refusesAFolderThatIsMissingUnmarkedOrCopiedByHalves() throws IOException {
    refused(directory.resolve("nowhere"), "no such folder");
    refused(directory, "no embark-natives.properties");

    Path folder = folder(OURS);
    Files.writeString(folder.resolve("libone.so"), "123");
    refused(folder, "libone.so has 3 bytes instead of 5");
    Files.delete(folder.resolve("libone.so"));
    refused(folder, "libone.so is missing");
  }

  @Test
  void extractsWhatTheClassPathCarriesOnceAndCompletely() throws IOException {
    Path folder = directory.resolve("new/natives");
    NativeStamp.Versions versions = NativeStamp.Versions.ofClassPath();

    assertThat(ExtractNatives.extract(folder, versions)).contains("ONNX Runtime 1.", folder + ":");
    assertThat(folder.resolve(System.mapLibraryName("onnxruntime"))).exists();
    assertThat(folder.resolve(System.mapLibraryName("tokenizers"))).exists();
    assertThatCode(() -> NativeLibraries.check(folder, versions)).doesNotThrowAnyException();
    assertThat(ExtractNatives.extract(folder, versions)).contains("complete already");
    try (var left = Files.list(folder.getParent())) {
      assertThat(left).containsExactly(folder);
    }
  }

  @Test
  void neverWritesIntoAFolderThatHoldsSomethingElse() throws IOException {
    Path mine = Files.writeString(directory.resolve("mine.txt"), "mine");

    assertThatIllegalStateException()
        .isThrownBy(() -> ExtractNatives.extract(directory, OURS))
        .withMessageContaining("is not empty");
    Path stale = folder(new NativeStamp.Versions("1.22.0", "0.21.0-0.36.0", "os-a"));
    assertThatIllegalStateException()
        .isThrownBy(() -> ExtractNatives.extract(stale, OURS))
        .withMessageContaining("ONNX Runtime 1.22.0");
    assertThat(mine).hasContent("mine");
    assertThat(stale.resolve("libone.so")).exists();
  }

  @Test
  void stripsAJarOfItsNativeLibrariesAlone() throws IOException {
    Path jar = directory.resolve("runtime.jar");
    try (var out = new ZipOutputStream(Files.newOutputStream(jar))) {
      for (String name :
          new String[] {"ai/onnxruntime/A.class", "ai/onnxruntime/native/linux-x64/libx.so"}) {
        out.putNextEntry(new ZipEntry(name));
        out.write(name.getBytes(java.nio.charset.StandardCharsets.UTF_8));
      }
    }

    assertThat(ExtractNatives.strip(jar)).contains("EMBARK_NATIVES");
    try (var zip = new java.util.zip.ZipFile(jar.toFile())) {
      assertThat(zip.getEntry("ai/onnxruntime/A.class")).isNotNull();
      assertThat(zip.getEntry("ai/onnxruntime/native/linux-x64/libx.so")).isNull();
    }
  }

  @Test
  void thePropertyWinsOverTheEnvironmentAndPathsBecomeAbsolute() {
    assertThat(NativeLibraries.configured(name -> null)).isEmpty();
    assertThat(NativeLibraries.configured(name -> " ")).isEmpty();
    assertThat(NativeLibraries.configured(name -> "natives"))
        .contains(Path.of("natives").toAbsolutePath());
    System.setProperty(NativeLibraries.PROPERTY, "/from/property");
    try {
      assertThat(NativeLibraries.configured(name -> "/from/environment"))
          .contains(Path.of("/from/property"));
    } finally {
      System.clearProperty(NativeLibraries.PROPERTY);
    }
  }

  @Test
  void namesPlatformsAsTheJarsDo() {
    assertThat(NativeJars.Platform.of("Linux", "amd64"))
        .isEqualTo(new NativeJars.Platform("linux-x64", "linux-x86_64"));
    assertThat(NativeJars.Platform.of("Mac OS X", "aarch64"))
        .isEqualTo(new NativeJars.Platform("osx-aarch64", "osx-aarch64"));
  }
}
