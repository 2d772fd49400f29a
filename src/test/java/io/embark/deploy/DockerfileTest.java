package io.embark.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What can be said of the image without building it. */
class DockerfileTest {
  private static final Set<String> INSTRUCTIONS =
      Set.of("ARG", "FROM", "SHELL", "RUN", "COPY", "USER", "ENV", "WORKDIR", "ENTRYPOINT");

  @Test
  void isMadeOfInstructions() throws IOException {
    assertThat(Dockerfile.instructions())
        .isNotEmpty()
        .allMatch(line -> INSTRUCTIONS.contains(line.split(" ")[0]));
    Set<String> stages = new TreeSet<>();
    for (String line : Dockerfile.instructions()) {
      var from = Pattern.compile("COPY --from=(\\w+) .*").matcher(line);
      if (from.matches()) {
        assertThat(stages).contains(from.group(1));
      }
      var stage = Pattern.compile("FROM \\S+ AS (\\w+)").matcher(line);
      if (stage.matches()) {
        stages.add(stage.group(1));
      }
    }
  }

  @Test
  void copiesOnlyWhatTheDistributionHoldsAndTheContextLetsThrough() throws IOException {
    // The folders and files that the build puts into the distribution.
    String pom = Files.readString(Path.of("pom.xml"));
    Set<String> inContext =
        Files.readAllLines(Path.of(Dockerfile.FILE + ".dockerignore")).stream()
            .filter(line -> line.startsWith("!"))
            .map(line -> line.substring(1))
            .collect(Collectors.toSet());

    assertThat(Dockerfile.copied()).isEqualTo(inContext);
    assertThat(Dockerfile.copied())
        .allMatch(
            name ->
                pom.contains("${dist.dir}/" + name + "\"")
                    || pom.contains("<outputDirectory>${dist.dir}/" + name + "<")
                    || pom.contains("includes=\"" + name + ","));
  }

  @Test
  void startsFromTheSparkThatEmbarkIsBuiltFor() throws IOException {
    Pom pom = Pom.read();

    assertThat(Dockerfile.arguments("ARG"))
        .anyMatch(
            argument ->
                argument.equals(
                    "SPARK_IMAGE=apache/spark:%s-scala%s-java17-ubuntu"
                        .formatted(
                            pom.property("spark.version"), pom.property("scala.binary.version"))))
        .anyMatch(argument -> argument.matches("CUDA_IMAGE=nvidia/cuda:12\\..*-cudnn-runtime-.*"));
  }

  /** The names come from the class that explains a failing CUDA at run time. */
  @Test
  void carriesEveryLibraryThatCudaNeedsButTheDriver() throws IOException {
    String source = Files.readString(Path.of("src/main/java/io/embark/onnx/CudaLibraries.java"));
    List<String> needed =
        Pattern.compile("\"(lib\\w+\\.so\\.\\d+)\"")
            .matcher(source)
            .results()
            .map(match -> match.group(1))
            .filter(library -> !library.matches("lib(cuda\\.|nvinfer|nvonnxparser).*"))
            .toList();
    String copies = String.join(" ", Dockerfile.arguments("RUN"));

    assertThat(needed).contains("libcublasLt.so.12", "libcudnn.so.9");
    for (String library : needed) {
      // libcudnn.so.9 comes with its parts: libcudnn*.so.9*
      String parts = library.replace(".so", "*.so");
      assertThat(copies).containsAnyOf("/" + library + "*", "/" + parts + "*");
    }
  }

  @Test
  void unpacksNativesWhereItTellsEmbarkToLook() throws IOException {
    String environment = String.join(" ", Dockerfile.arguments("ENV"));

    assertThat(String.join(" ", Dockerfile.arguments("RUN")))
        .contains("/opt/embark/jobs/extract-natives.sh --strip /opt/embark/native");
    assertThat(environment)
        .contains("EMBARK_NATIVES=/opt/embark/native", "EMBARK_LIBS=local:/opt/embark/lib")
        .doesNotContain("NVIDIA_VISIBLE_DEVICES");
    assertThat(Dockerfile.user()).matches("[1-9]\\d*");
  }
}
