package io.embark.notebook;

import java.io.File;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import jdk.jshell.DeclarationSnippet;
import jdk.jshell.Diag;
import jdk.jshell.EvalException;
import jdk.jshell.ExpressionSnippet;
import jdk.jshell.JShell;
import jdk.jshell.JShellException;
import jdk.jshell.Snippet;
import jdk.jshell.SnippetEvent;
import jdk.jshell.SourceCodeAnalysis;
import jdk.jshell.SourceCodeAnalysis.CompletionInfo;
import jdk.jshell.VarSnippet;

/**
 * Runs the Java code of cells, one after the other, with JShell in this JVM: what the session sees
 * is what the kernel sees. Not for use by several threads, but for {@link #stop()}.
 */
final class Cells implements AutoCloseable {
  private final JShell shell;
  private final ClassLoader loader;
  private volatile boolean stopped;

  /**
   * @param start code to run first, such as imports
   */
  Cells(List<String> start) {
    ClassLoader parent = Thread.currentThread().getContextClassLoader();
    CellClasses classes = new CellClasses(parent);
    loader = classes.loader();
    shell = JShell.builder().executionEngine(classes, Map.of()).build();
    shell.addToClasspath(String.join(File.pathSeparator, classPath(parent)));
    start.forEach(this::run);
  }

  /** The JVM's class path and the jars that spark-submit added, for the compiler. */
  private static Set<String> classPath(ClassLoader from) {
    String[] own = System.getProperty("java.class.path").split(File.pathSeparator);
    Set<String> entries = new LinkedHashSet<>(List.of(own));
    for (ClassLoader loader = from; loader != null; loader = loader.getParent()) {
      if (loader instanceof URLClassLoader urls) {
        for (URL url : urls.getURLs()) {
          if (url.getProtocol().equals("file")) {
            entries.add(new File(url.getPath()).getPath());
          }
        }
      }
    }
    entries.removeIf(entry -> !new File(entry).exists());
    return entries;
  }

  /**
   * Runs a cell.
   *
   * @return the value of its last expression; null if the cell ends with anything else, or with a
   *     semicolon
   * @throws CellException if it does not compile, throws, or is stopped
   */
  Object run(String code) {
    Thread.currentThread().setContextClassLoader(loader);
    stopped = false;
    SourceCodeAnalysis analysis = shell.sourceCodeAnalysis();
    Object last = null;
    String rest = code;
    while (!rest.isBlank()) {
      CompletionInfo next = analysis.analyzeCompletion(rest);
      if (next.completeness() == SourceCodeAnalysis.Completeness.EMPTY) {
        break;
      }
      if (!next.completeness().isComplete()) {
        String source = rest.strip();
        // An unfinished statement and nonsense: the compiler says more.
        shell.eval(rest).forEach(event -> check(event, source));
        throw new CellException("incomplete code", List.of("The code ends too early:", source));
      }
      String source = next.source();
      last = null;
      for (SnippetEvent event : shell.eval(source)) {
        check(event, source);
        boolean shown = next.remaining().isBlank() && !code.stripTrailing().endsWith(";");
        String name = shown && event.causeSnippet() == null ? nameOf(event.snippet()) : null;
        if (name != null) {
          last = valueOf(name);
        }
      }
      if (stopped) {
        throw new CellException("interrupted", List.of("Interrupted."));
      }
      rest = next.remaining();
    }
    return last;
  }

  /** The variable that holds the value of an expression; null for anything else. */
  private static String nameOf(Snippet snippet) {
    if (snippet instanceof ExpressionSnippet expression) {
      return expression.name();
    }
    return snippet.subKind() == Snippet.SubKind.TEMP_VAR_EXPRESSION_SUBKIND
        ? ((VarSnippet) snippet).name()
        : null;
  }

  private Object valueOf(String name) {
    String handOver = "%s.keep(%s);".formatted(Results.class.getName(), name);
    shell.eval(handOver).forEach(event -> check(event, handOver));
    return Results.take();
  }

  private void check(SnippetEvent event, String source) {
    if (event.exception() != null) {
      List<String> lines = new ArrayList<>();
      describe(event.exception(), lines);
      throw new CellException(lines.get(0), lines);
    }
    boolean refused = event.status() == Snippet.Status.REJECTED;
    boolean unresolved =
        event.status() == Snippet.Status.RECOVERABLE_NOT_DEFINED
            || event.status() == Snippet.Status.RECOVERABLE_DEFINED;
    if (refused || unresolved) {
      List<String> lines = new ArrayList<>();
      shell.diagnostics(event.snippet()).filter(Diag::isError).forEach(d -> show(d, source, lines));
      if (event.snippet() instanceof DeclarationSnippet declaration) {
        shell.unresolvedDependencies(declaration).forEach(d -> lines.add("not defined: " + d));
      }
      if (refused || !lines.isEmpty()) {
        throw new CellException(lines.isEmpty() ? "does not compile" : lines.get(0), lines);
      }
    }
  }

  /** The message of the compiler and the line it is about. */
  private static void show(Diag problem, String source, List<String> lines) {
    lines.add(problem.getMessage(Locale.ENGLISH).strip());
    int at = (int) Math.max(0, Math.min(source.length(), problem.getPosition()));
    int from = source.lastIndexOf('\n', at - 1) + 1;
    int to = source.indexOf('\n', at);
    String line = source.substring(from, to < 0 ? source.length() : to);
    lines.add("  " + line);
    lines.add("  " + " ".repeat(at - from) + "^");
  }

  private static void describe(JShellException thrown, List<String> lines) {
    String name =
        thrown instanceof EvalException e ? e.getExceptionClassName() : thrown.getClass().getName();
    String message = thrown.getMessage();
    lines.addAll((message == null ? name : name + ": " + message).lines().toList());
    for (StackTraceElement frame : thrown.getStackTrace()) {
      lines.add("    at " + frame);
    }
    if (thrown.getCause() instanceof JShellException cause) {
      List<String> causes = new ArrayList<>();
      describe(cause, causes);
      causes.set(0, "Caused by: " + causes.get(0));
      lines.addAll(causes);
    }
  }

  SourceCodeAnalysis analysis() {
    return shell.sourceCodeAnalysis();
  }

  /** Stops the running cell, from another thread. */
  void stop() {
    stopped = true;
    shell.stop();
  }

  @Override
  public void close() {
    shell.close();
  }

  /** A cell did not compile, or what it did threw an exception. */
  static final class CellException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** What the reader of the notebook is to see. */
    final transient List<String> lines;

    CellException(String message, List<String> lines) {
      super(message.lines().findFirst().orElse(message));
      this.lines = List.copyOf(lines);
    }
  }
}
