package io.embark.notebook;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The notebook files as readers find them. That they run is {@link NotebooksIT}'s. */
class NotebookFilesTest {
  private static final Set<String> PUBLIC =
      Set.of(
          "analysis.cluster",
          "analysis.compare",
          "embed",
          "pooling",
          "analysis.search",
          "spark",
          "table");
  private static final Pattern OURS = Pattern.compile("io\\.embark\\.((?:analysis\\.)?\\w+)");
  private static final int MOST_BYTES = 300_000;

  static List<Path> notebooks() throws Exception {
    return Notebook.files();
  }

  @Test
  void thereIsOneForEachQuestion() throws Exception {
    assertThat(notebooks())
        .extracting(file -> file.getFileName().toString())
        .containsExactly("01-embed.ipynb", "02-choose-a-pooling.ipynb", "03-cluster.ipynb");
  }

  /** The fields that nbformat 4.5 requires. */
  @ParameterizedTest
  @MethodSource("notebooks")
  void isNotebookFormat45(Path file) throws Exception {
    Notebook notebook = Notebook.read(file);
    assertThat(notebook.root().get("nbformat").asInt()).isEqualTo(4);
    assertThat(notebook.root().get("nbformat_minor").asInt()).isEqualTo(5);
    assertThat(notebook.root().at("/metadata/kernelspec/name").asText()).isEqualTo("embark");
    Set<String> ids = new HashSet<>();
    for (ObjectNode cell : notebook.cells()) {
      assertThat(cell.get("id").asText()).matches("[a-zA-Z0-9-_]{1,64}");
      assertThat(ids.add(cell.get("id").asText())).as("id used once").isTrue();
      assertThat(cell.get("cell_type").asText()).isIn("code", "markdown");
      assertThat(cell.get("metadata").isObject()).isTrue();
      assertThat(cell.get("source").isArray()).isTrue();
    }
    for (ObjectNode cell : notebook.codeCells()) {
      for (JsonNode output : cell.get("outputs")) {
        assertThat(output.get("output_type").asText())
            .isIn("stream", "display_data", "execute_result");
      }
    }
  }

  @ParameterizedTest
  @MethodSource("notebooks")
  void wasRunFromTopToBottomAndShowsPictures(Path file) throws Exception {
    Notebook notebook = Notebook.read(file);
    int pictures = 0;
    int count = 0;
    for (ObjectNode cell : notebook.codeCells()) {
      assertThat(cell.get("execution_count").asInt()).isEqualTo(++count);
      for (JsonNode output : cell.get("outputs")) {
        pictures += output.path("data").has("image/png") ? 1 : 0;
      }
    }
    assertThat(pictures).isPositive();
    assertThat(Files.size(file)).isLessThan(MOST_BYTES);
  }

  @ParameterizedTest
  @MethodSource("notebooks")
  void usesPublicPackagesAndTellsNothingOfTheMachine(Path file) throws Exception {
    Notebook notebook = Notebook.read(file);
    for (ObjectNode cell : notebook.codeCells()) {
      Matcher ours = OURS.matcher(Notebook.text(cell.get("source")));
      while (ours.find()) {
        assertThat(ours.group(1)).isIn(PUBLIC);
      }
    }
    assertThat(Files.readString(file))
        .doesNotContain(
            "/tmp/", "/home/", "/root/", System.getProperty("user.dir"), "WARN", "INFO");
  }

  @ParameterizedTest
  @MethodSource("notebooks")
  void isWrittenAsJupyterWritesIt(Path file) throws Exception {
    assertThat(Notebook.read(file).json()).isEqualTo(Files.readString(file));
  }

  @Test
  void figuresMayDifferInTheirLastDigitAndWordsMayNot() {
    assertThat(Outputs.ofText("cosine 0.1234 of 3", "cosine 0.1236 of 3")).isNull();
    assertThat(Outputs.ofText("cosine 0.1234 of 3", "cosine 0.1237 of 3")).isNotNull();
    assertThat(Outputs.ofText("cosine 0.1234 of 3", "cosine 0.1234 of 4")).isNotNull();
    assertThat(Outputs.ofText("cosine 0.1234", "cosine 0.1234 and more")).isNotNull();
  }

  @Test
  void aSmoothedPictureIsTheSameAndAnotherIsNot() throws Exception {
    assertThat(Outputs.ofPictures(picture(100, 40), picture(100, 41))).isNull();
    assertThat(Outputs.ofPictures(picture(100, 40), picture(100, 60))).contains("another picture");
    assertThat(Outputs.ofPictures(picture(100, 40), picture(90, 40))).contains("90 x 50 pixels");
  }

  /** White with a dark bar, as base64 of PNG. */
  private static String picture(int width, int bar) throws Exception {
    BufferedImage image = new BufferedImage(width, 50, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    graphics.setColor(Color.WHITE);
    graphics.fillRect(0, 0, width, 50);
    graphics.setColor(Color.BLUE);
    graphics.fillRect(0, 0, bar, 50);
    graphics.dispose();
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    ImageIO.write(image, "png", png);
    return Base64.getEncoder().encodeToString(png.toByteArray());
  }
}
