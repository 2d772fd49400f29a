package io.embark;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The packages in the order in which data move, and whom each may see: only packages that stand
 * before it, so that there is no cycle and nobody looks up.
 */
@AnalyzeClasses(packages = "io.embark", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  private static final Path SOURCES = Path.of("src/main/java");
  private static final int MOST_FILES = 30;

  private static final String[] SPARK = {"org.apache.spark..", "org.apache.hadoop..", "scala.."};
  private static final String[] GRAPH = {"ai.onnx.proto..", "com.google.protobuf.."};
  private static final String[] JSON = {"com.fasterxml.jackson.."};

  /** Whom a package may see beside itself, the root package, the JDK and SLF4J. */
  private record Sight(List<String> packages, List<String> libraries) {
    static Sight of(String... packages) {
      return new Sight(List.of(packages), List.of());
    }

    Sight with(String[]... more) {
      List<String> all = new ArrayList<>(libraries);
      Arrays.stream(more).forEach(each -> all.addAll(List.of(each)));
      return new Sight(packages, all);
    }

    Sight with(String library) {
      return with(new String[] {library});
    }
  }

  private static final Map<String, Sight> LAYERS = new LinkedHashMap<>();

  static {
    LAYERS.put("", Sight.of());
    LAYERS.put("natives", Sight.of());
    LAYERS.put("json", Sight.of().with(JSON));
    LAYERS.put("token", Sight.of("natives", "json").with(JSON).with("ai.djl.."));
    LAYERS.put("text", Sight.of("token"));
    LAYERS.put("batch", Sight.of("token"));
    LAYERS.put("pooling", Sight.of());
    LAYERS.put("vector", Sight.of());
    LAYERS.put("onnx.guard", Sight.of().with(GRAPH));
    LAYERS.put("onnx.graph", Sight.of("pooling", "onnx.guard").with(GRAPH));
    LAYERS.put("onnx.int8", Sight.of("onnx.graph").with(GRAPH));
    LAYERS.put(
        "onnx",
        Sight.of("natives", "batch", "pooling", "onnx.graph", "onnx.int8")
            .with(GRAPH)
            .with("ai.onnxruntime.."));
    LAYERS.put(
        "model", Sight.of("json", "token", "pooling", "vector", "onnx.graph").with(GRAPH, JSON));
    LAYERS.put(
        "model.store",
        Sight.of("model").with("org.apache.hadoop..").with("org.apache.commons.compress.."));
    LAYERS.put("staticmodel", Sight.of("batch", "pooling", "onnx.graph", "onnx", "model"));
    LAYERS.put(
        "embed",
        Sight.of(
                "natives",
                "token",
                "text",
                "batch",
                "pooling",
                "vector",
                "onnx.graph",
                "onnx",
                "model",
                "model.store",
                "staticmodel")
            .with(JSON)
            .with("org.apache.hadoop.conf.."));
    LAYERS.put("spark.path", Sight.of().with(SPARK));
    LAYERS.put("spark.wire", Sight.of().with(SPARK));
    LAYERS.put(
        "post",
        Sight.of("embed", "model", "spark.path")
            .with(SPARK)
            .with("dev.ludovic.netlib..")
            .with("org.netlib.."));
    LAYERS.put("spark.catalyst", Sight.of().with(SPARK));
    LAYERS.put("spark.parquet", Sight.of("embed").with(SPARK, JSON).with("org.apache.parquet.."));
    LAYERS.put(
        "spark.metrics", Sight.of("batch", "embed").with(SPARK).with("com.codahale.metrics.."));
    LAYERS.put("spark.gpu", Sight.of("spark.catalyst").with(SPARK));
    LAYERS.put(
        "spark.executor",
        Sight.of(
                "token",
                "text",
                "pooling",
                "onnx",
                "model",
                "model.store",
                "embed",
                "spark.metrics",
                "spark.gpu")
            .with(SPARK, JSON));
    LAYERS.put(
        "spark.column",
        Sight.of(
                "spark.wire",
                "text",
                "pooling",
                "vector",
                "embed",
                "post",
                "spark.catalyst",
                "spark.metrics",
                "spark.executor")
            .with(SPARK, JSON));
    LAYERS.put(
        "spark.sql",
        Sight.of(
                "batch",
                "pooling",
                "vector",
                "embed",
                "spark.catalyst",
                "spark.metrics",
                "spark.executor",
                "spark.column")
            .with(SPARK, JSON));
    LAYERS.put(
        "spark",
        Sight.of(
                "spark.wire",
                "text",
                "vector",
                "embed",
                "post",
                "spark.catalyst",
                "spark.metrics",
                "spark.gpu",
                "spark.executor",
                "spark.column",
                "spark.sql")
            .with(SPARK, JSON));
    LAYERS.put(
        "table",
        Sight.of("model", "post", "spark.path", "spark.column", "spark.parquet").with(SPARK, JSON));
    LAYERS.put("input.gate", Sight.of().with(SPARK));
    LAYERS.put(
        "input.text",
        Sight.of("spark.wire", "spark.catalyst", "input.gate")
            .with(SPARK, JSON)
            .with("com.univocity.."));
    LAYERS.put(
        "input",
        Sight.of(
                "spark.wire",
                "spark.catalyst",
                "spark.path",
                "spark.column",
                "table",
                "input.gate",
                "input.text")
            .with(SPARK)
            .with("org.apache.parquet..")
            .with("org.apache.orc.."));
    LAYERS.put("analysis.measure", Sight.of());
    LAYERS.put(
        "analysis.search",
        Sight.of("spark.wire", "spark.column", "spark").with(SPARK).with("dev.ludovic.netlib.."));
    LAYERS.put(
        "analysis.cluster", Sight.of("embed", "spark.path", "spark.column", "spark").with(SPARK));
    LAYERS.put("clustering", Sight.of("analysis.cluster").with(SPARK));
    LAYERS.put(
        "analysis.compare",
        Sight.of(
                "spark.wire",
                "pooling",
                "embed",
                "post",
                "spark.path",
                "spark.parquet",
                "spark.executor",
                "spark.column",
                "spark",
                "analysis.measure")
            .with(SPARK, JSON)
            .with("breeze..")
            .with("org.apache.commons.math3..")
            .with("dev.ludovic.netlib.."));
    LAYERS.put("notebook", Sight.of().with(SPARK).with("jdk.jshell..").with("org.dflib.jjava.."));
    LAYERS.put(
        "cli", Sight.of("embed", "notebook", "spark", "input.gate").with(SPARK).with("picocli.."));
    LAYERS.put(
        "cli.embed",
        Sight.of(
                "embed",
                "model",
                "onnx",
                "post",
                "spark.path",
                "spark.parquet",
                "spark.metrics",
                "spark.executor",
                "spark.column",
                "spark",
                "table",
                "input",
                "input.gate",
                "cli")
            .with(SPARK, JSON)
            .with("picocli..")
            .with("com.codahale.metrics.."));
    LAYERS.put(
        "cli.analysis",
        Sight.of(
                "embed",
                "pooling",
                "post",
                "spark.path",
                "spark.parquet",
                "spark.executor",
                "spark.column",
                "spark",
                "table",
                "input",
                "input.gate",
                "analysis.measure",
                "analysis.search",
                "analysis.cluster",
                "analysis.compare",
                "cli",
                "cli.embed")
            .with(SPARK, JSON)
            .with("picocli.."));
    LAYERS.put(
        "cli.doctor",
        Sight.of(
                "spark.wire",
                "token",
                "onnx",
                "model",
                "embed",
                "spark.executor",
                "spark.column",
                "cli",
                "cli.embed")
            .with(SPARK, JSON)
            .with("picocli..")
            .with("com.sun.management.."));
  }

  @ArchTest
  static void packagesSeeOnlyWhomTheyMay(JavaClasses all) {
    List<String> violations = new ArrayList<>();
    LAYERS.forEach(
        (name, sight) -> {
          List<String> allowed = new ArrayList<>(List.of("java..", "org.slf4j..", "io.embark"));
          allowed.add(full(name));
          sight.packages().forEach(other -> allowed.add(full(other)));
          allowed.addAll(sight.libraries());
          violations.addAll(
              classes()
                  .that()
                  .resideInAPackage(full(name))
                  .should()
                  .onlyDependOnClassesThat()
                  .resideInAnyPackage(allowed.toArray(String[]::new))
                  .evaluate(all)
                  .getFailureReport()
                  .getDetails());
        });
    assertThat(violations).isEmpty();
  }

  @ArchTest
  static void everyPackageHasItsPlace(JavaClasses all) {
    assertThat(all.stream().map(JavaClass::getPackageName).distinct())
        .containsExactlyInAnyOrderElementsOf(
            LAYERS.keySet().stream().map(ArchitectureTest::full).toList());
  }

  @Test
  void everyPackageSeesOnlyPackagesBeforeIt() {
    List<String> before = new ArrayList<>();
    LAYERS.forEach(
        (name, sight) -> {
          assertThat(before).as("before " + name).containsAll(sight.packages());
          before.add(name);
        });
  }

  @Test
  void everyPackageSaysItsJobAndIsSmall() throws IOException {
    String architecture = Files.readString(Path.of("docs/architecture.md"));
    for (String name : LAYERS.keySet()) {
      Path folder = SOURCES.resolve(full(name).replace('.', '/'));
      assertThat(
              Files.readString(folder.resolve("package-info.java")).replaceAll("\\s+(\\* )?", " "))
          .contains("It sees ");
      try (Stream<Path> files = Files.list(folder)) {
        assertThat(files.filter(file -> file.toString().endsWith(".java")).count())
            .as("files of " + name)
            .isLessThanOrEqualTo(MOST_FILES);
      }
      assertThat(architecture).contains("| `" + (name.isEmpty() ? "io.embark" : name) + "` |");
    }
  }

  private static String full(String name) {
    return name.isEmpty() ? "io.embark" : "io.embark." + name;
  }
}
