package io.embark.spark.executor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.embark.embed.Embedder;
import io.embark.embed.EmbedderConfig;
import io.embark.embed.Setting;
import io.embark.spark.TextEmbedder;
import io.embark.testing.LocalSpark;
import io.embark.testing.TinyModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models that Spark brings along, and models that change under the same path. */
class ModelChangesTest {
  @TempDir static Path folder;
  private static SparkSession spark;

  @BeforeAll
  static void start() {
    spark = LocalSpark.session();
  }

  private static Path model(String name, int hiddenSize) throws IOException {
    Path directory = folder.resolve(name);
    Files.createDirectories(directory);
    Files.deleteIfExists(directory.resolve("tokenizer.json"));
    TinyModels.graph().hiddenSize(hiddenSize).writeDirectory(directory);
    return directory;
  }

  private static int dimension(String model) {
    Dataset<Row> rows =
        new TextEmbedder()
            .setModel(model)
            .setInputCol("text")
            .setOutputCol("v")
            .setOutputType("float")
            .transform(LocalSpark.texts(2, "one", "two", "three"));
    List<Row> found = rows.collectAsList();
    assertThat(found).hasSize(3);
    return found.get(0).getList(found.get(0).fieldIndex("v")).size();
  }

  @Test
  void aDirectoryThatSparkDistributes() throws IOException {
    spark.sparkContext().addFile(model("a directory", 8).toString(), true);
    assertThat(dimension("spark-files:a directory")).isEqualTo(8);
    assertThat(dimension("spark-files:a directory/model.onnx")).isEqualTo(8);
  }

  @Test
  void anArchiveThatSparkUnpacksAndOneThatItDoesNot() throws Exception {
    Path directory = model("packed", 12);
    Path archive = folder.resolve("packed.zip");
    ProcessBuilder zip =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "jar").toString(),
            "--create",
            "--no-manifest",
            "--file",
            archive.toString(),
            "-C",
            directory.getParent().toString(),
            directory.getFileName().toString());
    assertThat(zip.inheritIO().start().waitFor()).isZero();
    spark.sparkContext().addArchive(archive + "#mini");
    assertThat(dimension("spark-files:mini")).isEqualTo(12);
    spark.sparkContext().addFile(archive.toString());
    assertThat(dimension("spark-files:packed.zip")).isEqualTo(12);
    assertThat(dimension(archive.toString())).isEqualTo(12);
  }

  @Test
  void whatSparkDidNotDistributeIsSaidWithThePlaces() {
    assertThatThrownBy(() -> dimension("spark-files:nothing"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Spark has distributed no 'nothing'")
        .hasMessageContaining(Path.of("nothing").toAbsolutePath().toString())
        .hasMessageContaining("--archives ARCHIVE#nothing");
  }

  @Test
  void theDriverFindsTheSourceOfWhatIsUnpackedElsewhere() {
    SparkConf conf =
        new SparkConf(false)
            .set("spark.yarn.dist.archives", "hdfs://n/a.zip,hdfs://n/m-1.tgz#mini")
            .set("spark.files", "file:/x/b.zip, s3a://b/mini");
    assertThat(HostModels.sent("mini", conf)).containsExactly("hdfs://n/m-1.tgz", "s3a://b/mini");
    assertThat(HostModels.sent("a.zip", conf)).containsExactly("hdfs://n/a.zip");
    assertThat(HostModels.sent("m-1.tgz", conf)).isEmpty();
  }

  @Test
  void aModelThatChangesUnderItsPathIsNoticed() throws IOException {
    Path directory = model("changing", 8);
    EmbedderConfig config = EmbedderConfig.of(directory.toString());
    ModelFacts first = ModelFacts.of(config);
    assertThat(dimension(directory.toString())).isEqualTo(8);
    model("changing", 16);
    ModelFacts second = ModelFacts.of(config);
    assertThat(second.dimensions()).containsExactly(16);
    assertThat(second.fingerprint()).isNotEqualTo(first.fingerprint());
    assertThat(second.config()).isNotEqualTo(first.config());
    assertThat(dimension(directory.toString())).isEqualTo(16);
    // What the first plan was made for is not there any more.
    EmbedderConfig other = first.config().toBuilder().maxLength(32).build();
    assertThatThrownBy(() -> Embedder.open(other))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("Model %s is not the same here as on the driver".formatted(directory))
        .hasMessageContaining(first.fingerprint())
        .hasMessageContaining(second.fingerprint());
  }

  @Test
  void theDriversModelTravelsWithTheSettings() throws IOException {
    EmbedderConfig config = EmbedderConfig.of(model("travels", 8).toString());
    EmbedderConfig sent = ModelFacts.of(config).config();
    assertThat(sent).isEqualTo(ModelFacts.of(config).config());
    assertThat(sent).isNotEqualTo(sent.toBuilder().wantedModel("0".repeat(64)).build());
    assertThat(sent.toBuilder().maxLength(16).build().text(Setting.MAX_LENGTH)).isEqualTo("16");
  }
}
