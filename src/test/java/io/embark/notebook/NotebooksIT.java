package io.embark.notebook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every cell of every notebook runs, in a kernel of the distribution, and gives the outputs that
 * stand in the file. {@code -Dnotebooks.write=true} writes them instead.
 */
class NotebooksIT {
  private static final Path DISTRIBUTION = Path.of(System.getProperty("embark.dist"));

  @TempDir Path folder;

  static List<Path> notebooks() throws Exception {
    return Notebook.files();
  }

  @ParameterizedTest
  @MethodSource("notebooks")
  void givesTheOutputsInTheFile(Path file) throws Exception {
    Notebook notebook = Notebook.read(file);
    List<CellRun> runs;
    try (KernelClient kernel = NotebookRun.kernel(DISTRIBUTION, folder)) {
      runs = NotebookRun.of(notebook, kernel);
    }
    if (Boolean.getBoolean("notebooks.write")) {
      notebook.with(runs).write();
    } else {
      NotebookRun.requireSame(notebook, runs);
    }
  }

  /** What the test above rests on, and what cells can do, in one kernel. */
  @Test
  void runsCellsOfJavaOnSpark() throws Exception {
    try (KernelClient kernel = NotebookRun.kernel(DISTRIBUTION, folder)) {
      assertThat(kernel.run("int x = 20;\nint twice(int n) {\n  return 2 * n;\n}").outputs())
          .isEmpty();
      assertThat(result(kernel.run("twice(x) + 2"))).isEqualTo("42");
      assertThat(kernel.run("twice(x);").outputs()).as("ends with a semicolon").isEmpty();
      assertThat(kernel.run("// nothing").outputs()).isEmpty();
      CellRun printed = kernel.run("System.out.println(\"one\"); System.err.println(\"two\");");
      assertThat(printed.outputs()).hasSize(2);
      assertThat(printed.count()).isEqualTo(5);

      CellRun undeclared = kernel.run("int y = 1;\nString s = nowhere;");
      assertThat(error(undeclared)).contains("cannot find symbol", "String s = nowhere;", "^");
      CellRun thrown = kernel.run("throw new IllegalStateException(\"oh no\");");
      assertThat(error(thrown)).contains("java.lang.IllegalStateException: oh no");
      assertThat(error(kernel.run("new int[] {1"))).isNotEmpty();
      assertThat(result(kernel.run("y"))).as("goes on after errors").isEqualTo("1");

      kernel.run(
          "import org.apache.spark.sql.*;\nSparkSession spark = SparkSession.builder().getOrCreate();");
      CellRun lambda =
          kernel.run(
              "int plus = 1;\n"
                  + "spark.range(3).map((org.apache.spark.api.java.function.MapFunction<Long, Long>)"
                  + " n -> n + plus, Encoders.LONG()).toDF(\"n<b>\")");
      assertThat(html(lambda)).contains("<th>n&lt;b&gt;</th>", ">1</td>", ">3</td>");
      CellRun shown = kernel.run("spark.range(1).show();");
      assertThat(Notebook.text(shown.outputs().get(0).get("text"))).contains("| id|", "|  0|");

      kernel.interruptAfter(1500);
      CellRun stopped = kernel.run("Thread.sleep(60_000);");
      assertThat(error(stopped)).contains("Interrupted");
      assertThat(result(kernel.run("1 + 1"))).isEqualTo("2");

      assertThatThrownBy(() -> NotebookRun.of(notebook("int[] none = {};\nnone[0]"), kernel))
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("Index 0 out of bounds");
      Notebook sum = notebook("1 + 1").with(List.of(kernel.run("1 + 1")));
      NotebookRun.requireSame(sum, NotebookRun.of(sum, kernel));
      assertThatThrownBy(() -> NotebookRun.requireSame(sum, List.of(kernel.run("1 + 2"))))
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("found\n3\nwanted\n2");
      assertThatThrownBy(() -> NotebookRun.requireSame(sum, List.of(kernel.run("// none"))))
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("0 outputs, wanted 1");
    }
  }

  private Notebook notebook(String code) {
    ObjectNode root = Notebook.empty();
    ObjectNode cell = ((ArrayNode) root.get("cells")).addObject();
    cell.put("cell_type", "code").put("id", "one").set("source", Notebook.lines(code));
    return new Notebook(folder.resolve("one.ipynb"), root);
  }

  private static String result(CellRun run) {
    assertThat(run.outputs()).as(run.outputs().toString()).hasSize(1);
    return Notebook.text(run.outputs().get(0).at("/data/text~1plain"));
  }

  private static String html(CellRun run) {
    assertThat(run.outputs()).as(run.outputs().toString()).hasSize(1);
    return Notebook.text(run.outputs().get(0).at("/data/text~1html"));
  }

  private static String error(CellRun run) {
    assertThat(run.outputs()).as(run.outputs().toString()).hasSize(1);
    assertThat(run.outputs().get(0).get("output_type").asText()).isEqualTo("error");
    StringBuilder lines = new StringBuilder();
    run.outputs().get(0).get("traceback").forEach(line -> lines.append(line.asText()).append('\n'));
    return lines.toString();
  }
}
