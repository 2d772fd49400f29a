package io.embark.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OrtEnvironment;
import io.embark.onnx.OnnxRuntimeJars.Found;
import java.io.IOException;
import java.io.OutputStream;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OnnxRuntimeJarsTest {
  @TempDir Path directory;

  @Test
  void theRuntimeOfThisProjectIsOne() {
    OnnxRuntimeJars.requireOne();
    assertThat(OnnxRuntimeJars.found(OrtEnvironment.class.getClassLoader()))
        .singleElement()
        .satisfies(
            found -> {
              assertThat(found.jar()).matches(".*/onnxruntime(_gpu)?-[\\d.]+\\.jar");
              assertThat(found.jar()).contains(found.version());
            });
  }

  @Test
  void twoVersionsAreRefusedAndNamedTheOneInUseFirst() throws IOException {
    List<Found> found =
        found(
            jar("a/onnxruntime-1.20.0.jar", "1.20.0"), jar("onnxruntime_gpu-1.23.2.jar", "1.23.2"));
    assertThat(OnnxRuntimeJars.problem(found))
        .containsSubsequence(
            "2 ONNX Runtimes",
            "a/onnxruntime-1.20.0.jar (version 1.20.0)",
            "onnxruntime_gpu-1.23.2.jar (version 1.23.2)",
            "the first",
            "spark.jars");
  }

  @Test
  void oneVersionInTwoJarsIsBearable() throws IOException {
    List<Found> found =
        found(jar("onnxruntime-1.23.2.jar", "1.23.2"), jar("onnxruntime_gpu-1.23.2.jar", "1.23.2"));
    assertThat(found).hasSize(2);
    assertThat(OnnxRuntimeJars.problem(found)).isNull();
  }

  @Test
  void theSameJarTwiceIsOne() throws IOException {
    assertThat(found(jar("x/onnxruntime-1.jar", "1"), jar("y/onnxruntime-1.jar", "1"))).hasSize(1);
  }

  @Test
  void aVersionThatCannotBeToldIsTakenForAnother() throws IOException {
    List<Found> found = found(jar("onnxruntime-1.23.2.jar", "1.23.2"), jar("many-libs.jar", null));
    assertThat(OnnxRuntimeJars.problem(found)).contains("many-libs.jar (version unknown)");
  }

  private static List<Found> found(Path... jars) throws IOException {
    try (URLClassLoader loader =
        new URLClassLoader(
            Stream.of(jars).map(OnnxRuntimeJarsTest::url).toArray(URL[]::new), null)) {
      return OnnxRuntimeJars.found(loader);
    }
  }

  private static URL url(Path path) {
    try {
      return path.toUri().toURL();
    } catch (MalformedURLException e) {
      throw new IllegalStateException(e);
    }
  }

  private Path jar(String name, String version) throws IOException {
    Path jar = directory.resolve(name);
    Files.createDirectories(jar.getParent());
    Manifest manifest = new Manifest();
    Attributes main = manifest.getMainAttributes();
    main.put(Attributes.Name.MANIFEST_VERSION, "1.0");
    if (version != null) {
      main.put(Attributes.Name.IMPLEMENTATION_TITLE, "onnxruntime");
      main.put(Attributes.Name.IMPLEMENTATION_VERSION, version);
    }
    try (OutputStream file = Files.newOutputStream(jar);
        JarOutputStream entries = new JarOutputStream(file, manifest)) {
      entries.putNextEntry(new JarEntry("ai/onnxruntime/OrtEnvironment.class"));
    }
    return jar;
  }
}
