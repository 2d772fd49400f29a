package io.embark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.embark.cli.analysis.ClusterCommand;
import io.embark.cli.analysis.CompareCommand;
import io.embark.cli.analysis.SearchCommand;
import io.embark.cli.doctor.DoctorCommand;
import io.embark.cli.embed.EmbedSettings;
import io.embark.embed.Setting;
import io.embark.spark.executor.ExecutorSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * {@code docs/configuration.md} is what the settings say. After changing a setting, write it anew
 * with {@code mvn test -Dtest=ConfigurationDocTest -Dembark.docs.write=true}.
 */
class ConfigurationDocTest {
  private static final Path DOC = Path.of("docs", "configuration.md");

  @Test
  void theDocumentIsUpToDate() throws IOException {
    String wanted = document();
    if (Boolean.getBoolean("embark.docs.write")) {
      Files.writeString(DOC, wanted);
    }
    assertThat(Files.readString(DOC)).isEqualTo(wanted);
  }

  private static String document() {
    StringBuilder doc = new StringBuilder();
    doc.append("# Configuration\n\n");
    doc.append(
        "Every setting, as a flag (`--pooling mean`), as a line of a `--config` file"
            + " (`pooling = mean`), and, for the embedder, as a param of `TextEmbedder`"
            + " (`setPooling(\"mean\")`). Flags win over the file, the file over the defaults."
            + " Written from the code by a test; do not edit.\n");
    table(doc, "The embed job", EmbedSettings.ALL, false);
    table(doc, "The doctor, beside input, output and embedder", DoctorCommand.OWN, false);
    table(doc, "compare, beside input and embedder", CompareCommand.OWN, false);
    table(doc, "The search job", SearchCommand.ALL, false);
    table(doc, "The cluster job", ClusterCommand.ALL, false);
    table(doc, "The embedder", Setting.ALL, true);
    table(doc, "Each JVM that embeds", ExecutorSettings.ALL, false);
    doc.append(
        "\nThese belong to an executor, not to a run, and are settings of Spark: `--conf "
            + ExecutorSettings.PREFIX
            + "models=8`.\n");
    return doc.toString();
  }

  private static void table(
      StringBuilder doc, String title, List<Setting<?>> settings, boolean params) {
    doc.append("\n## ").append(title).append("\n\n");
    doc.append(
        params
            ? "| setting | param | value | default | meaning |\n|---|---|---|---|---|\n"
            : "| setting | value | default | meaning |\n|---|---|---|---|\n");
    for (Setting<?> setting : settings) {
      doc.append("| `").append(setting.key()).append("` | ");
      if (params) {
        doc.append('`').append(setting.paramName()).append("` | ");
      }
      doc.append('`').append(setting.argument().replace("|", "\\|")).append("` | ");
      doc.append(setting.defaultInWords()).append(" | ");
      doc.append(setting.description().replace("|", "\\|").replace("<", "&lt;")).append(" |\n");
    }
  }
}
