package io.embark.notebook;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Runs notebooks with the kernel that {@code notebooks/install-kernel.sh} tells Jupyter of. */
final class NotebookRun {
  private NotebookRun() {}

  /**
   * Installs the kernel of a distribution for a Jupyter that keeps its data in a folder, and starts
   * it. It takes two cores whatever the machine has: figures depend on how rows are split.
   */
  static KernelClient kernel(Path distribution, Path folder) throws Exception {
    Path data = folder.resolve("jupyter data");
    Path log = folder.resolve("install.log");
    ProcessBuilder install =
        new ProcessBuilder(
            distribution.resolve("notebooks/install-kernel.sh").toString(), "--master", "local[2]");
    install.environment().put("JUPYTER_DATA_DIR", data.toString());
    install.environment().remove("SPARK_HOME");
    int exitCode =
        install
            .redirectErrorStream(true)
            .redirectOutput(new File(log.toString()))
            .start()
            .waitFor();
    if (exitCode != 0) {
      throw new IOException(
          "install-kernel.sh ended with %d:\n%s".formatted(exitCode, Files.readString(log)));
    }
    JsonNode spec =
        new ObjectMapper().readTree(data.resolve("kernels/embark/kernel.json").toFile());
    List<String> argv = new ArrayList<>();
    spec.get("argv").forEach(part -> argv.add(part.asText()));
    return new KernelClient(argv, folder);
  }

  /**
   * Runs every code cell in order.
   *
   * @throws AssertionError at the first that gives an error
   */
  static List<CellRun> of(Notebook notebook, KernelClient kernel) throws IOException {
    List<CellRun> runs = new ArrayList<>();
    for (JsonNode cell : notebook.codeCells()) {
      String code = Notebook.text(cell.get("source"));
      CellRun run = kernel.run(code);
      for (JsonNode output : run.outputs()) {
        if (output.get("output_type").asText().equals("error")) {
          throw new AssertionError(
              "%s, cell %s:\n%s\n%s\n%s"
                  .formatted(
                      notebook.file(),
                      cell.get("id").asText(),
                      code,
                      output.get("evalue").asText(),
                      Notebook.text(output.get("traceback"))));
        }
      }
      runs.add(run);
    }
    return runs;
  }

  /**
   * @throws AssertionError at the first cell that did not give what the file says
   */
  static void requireSame(Notebook notebook, List<CellRun> runs) throws IOException {
    List<com.fasterxml.jackson.databind.node.ObjectNode> cells = notebook.codeCells();
    for (int i = 0; i < cells.size(); i++) {
      JsonNode wanted = cells.get(i).get("outputs");
      JsonNode found = runs.get(i).outputs();
      String difference =
          Notebook.isTrained(cells.get(i))
              ? Outputs.differenceOfKinds(wanted, found)
              : Outputs.difference(wanted, found);
      if (difference != null) {
        throw new AssertionError(
            "%s, cell %s: %s\nIf it is meant to be so: mvn -B verify -Dit.test=NotebooksIT -Dnotebooks.write=true"
                .formatted(notebook.file(), cells.get(i).get("id").asText(), difference));
      }
    }
  }
}
