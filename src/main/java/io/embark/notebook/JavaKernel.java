package io.embark.notebook;

import io.embark.UserError;
import io.embark.notebook.Cells.CellException;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Collectors;
import jdk.jshell.SourceCodeAnalysis.Documentation;
import jdk.jshell.SourceCodeAnalysis.Suggestion;
import org.apache.spark.sql.SparkSession;
import org.dflib.jjava.jupyter.channels.JupyterConnection;
import org.dflib.jjava.jupyter.kernel.BaseKernel;
import org.dflib.jjava.jupyter.kernel.JupyterIO;
import org.dflib.jjava.jupyter.kernel.KernelConnectionProperties;
import org.dflib.jjava.jupyter.kernel.LanguageInfo;
import org.dflib.jjava.jupyter.kernel.ReplacementOptions;
import org.dflib.jjava.jupyter.kernel.comm.CommManager;
import org.dflib.jjava.jupyter.kernel.display.DisplayData;
import org.dflib.jjava.jupyter.kernel.display.RenderContext;
import org.dflib.jjava.jupyter.kernel.display.Renderer;
import org.dflib.jjava.jupyter.kernel.display.common.Image;
import org.dflib.jjava.jupyter.kernel.display.mime.MIMEType;
import org.dflib.jjava.jupyter.kernel.util.StringStyler;
import scala.Console$;
import scala.runtime.AbstractFunction0;

/**
 * A Jupyter kernel for Java on Spark: JJava's library speaks Jupyter's protocol, the JDK's JShell
 * runs the cells, in the JVM of the Spark driver. A cell shows the value of its last expression
 * unless it ends with a semicolon; tables are shown by their first rows, pictures as PNG. {@code
 * display(value)} shows more.
 */
public final class JavaKernel extends BaseKernel {
  private static final List<String> START =
      List.of(
          "import java.util.*;",
          "import java.util.stream.*;",
          "import static org.dflib.jjava.jupyter.kernel.BaseNotebookStatics.*;");

  private static final MIMEType PNG = MIMEType.parse("image/png");
  private static final MIMEType PLAIN = MIMEType.parse("text/plain");

  private final Cells cells = new Cells(START);

  JavaKernel(String version) {
    super(
        "embark",
        version,
        new LanguageInfo.Builder("Java")
            .version(System.getProperty("java.version"))
            .mimetype("text/x-java-source")
            .fileExtension(".java")
            .pygments("java")
            .codemirror("text/x-java")
            .build(),
        List.of(),
        null,
        new JupyterIO(StandardCharsets.UTF_8),
        new CommManager(),
        new Renderer(),
        null,
        null,
        false,
        new StringStyler.Builder().build());
    DatasetTable.register(renderer);
    renderer
        .createRegistration(BufferedImage.class)
        .preferring(PNG, PLAIN)
        .register(JavaKernel::show);
  }

  /**
   * Serves one Jupyter client until it ends the kernel.
   *
   * @param connectionFile what Jupyter wrote: ports and key
   * @param version of Embark
   * @throws UserError if there is no such file, or it is no connection file
   */
  public static void serve(Path connectionFile, String version) throws IOException {
    JupyterConnection connection;
    try {
      connection =
          new JupyterConnection(KernelConnectionProperties.parse(Files.readString(connectionFile)));
    } catch (IOException e) {
      throw new UserError("No connection file of Jupyter's: " + e, e);
    } catch (GeneralSecurityException | RuntimeException e) {
      throw new UserError(
          "%s is not a connection file of Jupyter's: %s".formatted(connectionFile, e), e);
    }
    JavaKernel kernel = new JavaKernel(version);
    kernel.becomeHandlerForConnection(connection);
    kernel.onStartup();
    endWith(System.getenv("JPY_PARENT_PID"));
    connection.connect();
    connection.waitUntilClose();
  }

  /** Beside the picture stands its size, not the address that Java makes of it. */
  private static void show(BufferedImage picture, RenderContext context) {
    Image.renderImage(picture, context);
    context.renderIfRequested(
        PLAIN, () -> "picture, %d x %d pixels".formatted(picture.getWidth(), picture.getHeight()));
  }

  /** A kernel whose Jupyter, its parent process, is gone, killed perhaps, would stay for ever. */
  private static void endWith(String parent) {
    if (parent != null && parent.matches("[1-9]\\d*")) {
      ProcessHandle.of(Long.parseLong(parent))
          .ifPresent(process -> process.onExit().thenRun(() -> System.exit(1)));
    }
  }

  /** What a cell prints is Jupyter's, also where Scala keeps a stream of its own. */
  @Override
  public Object evalRaw(String source) {
    return Console$.MODULE$.withOut(
        System.out,
        new AbstractFunction0<Object>() {
          @Override
          public Object apply() {
            return cells.run(source);
          }
        });
  }

  @Override
  public List<String> formatError(Throwable e) {
    return e instanceof CellException cell
        ? String.join("\n", cell.lines).lines().toList()
        : super.formatError(e);
  }

  /** Cancels the Spark jobs of the cell and stops its own code. */
  @Override
  public void interrupt() {
    if (SparkSession.getDefaultSession().isDefined()) {
      SparkSession.getDefaultSession().get().sparkContext().cancelAllJobs();
    }
    cells.stop();
  }

  @Override
  public DisplayData inspect(String code, int at, boolean extraDetail) {
    List<Documentation> found = cells.analysis().documentation(code, at, extraDetail);
    String text =
        found.stream()
            .map(d -> d.javadoc() == null ? d.signature() : d.signature() + "\n" + d.javadoc())
            .collect(Collectors.joining("\n\n"));
    return found.isEmpty() ? null : new DisplayData(text);
  }

  @Override
  public ReplacementOptions complete(String code, int at) {
    int[] anchor = {at};
    TreeSet<String> continuations = new TreeSet<>();
    for (Suggestion suggestion : cells.analysis().completionSuggestions(code, at, anchor)) {
      continuations.add(suggestion.continuation());
    }
    return new ReplacementOptions(List.copyOf(continuations), anchor[0], at);
  }

  @Override
  public String isComplete(String code) {
    return switch (cells.analysis().analyzeCompletion(code).completeness()) {
      case COMPLETE, COMPLETE_WITH_SEMI, CONSIDERED_INCOMPLETE, EMPTY -> IS_COMPLETE_YES;
      case DEFINITELY_INCOMPLETE -> "    ";
      case UNKNOWN -> IS_COMPLETE_BAD;
    };
  }

  @Override
  public void onShutdown(boolean isRestarting) {
    super.onShutdown(isRestarting);
    cells.close();
  }
}
