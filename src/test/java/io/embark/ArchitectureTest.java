package io.embark;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.util.ArrayList;
import java.util.List;

/** The directions in which packages may look, and the libraries that only one of them sees. */
@AnalyzeClasses(packages = "io.embark", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

  private static ArchRule mayUse(String name, String... others) {
    List<String> allowed =
        new ArrayList<>(List.of("io.embark." + name + "..", "java..", "org.slf4j.."));
    allowed.addAll(List.of(others));
    return classes()
        .that()
        .resideInAPackage("io.embark." + name + "..")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(allowed.toArray(String[]::new));
  }

  private static ArchRule mayNotUse(String name, String... others) {
    return noClasses()
        .that()
        .resideInAPackage("io.embark." + name + "..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(others);
  }

  @ArchTest
  static final ArchRule TOKEN =
      mayUse("token", "io.embark.natives..", "ai.djl..", "com.fasterxml.jackson.core..");

  @ArchTest static final ArchRule NATIVES = mayUse("natives");

  @ArchTest static final ArchRule TEXT = mayUse("text", "io.embark.token..");

  @ArchTest static final ArchRule BATCH = mayUse("batch", "io.embark.token..");

  @ArchTest static final ArchRule POOLING = mayUse("pooling");

  @ArchTest static final ArchRule VECTOR = mayUse("vector");

  @ArchTest static final ArchRule MEASURE = mayUse("measure");

  @ArchTest
  static final ArchRule ONNX =
      mayUse(
          "onnx",
          "io.embark.natives..",
          "io.embark.batch..",
          "io.embark.pooling..",
          "ai.onnxruntime..",
          "ai.onnx.proto..",
          "com.google.protobuf..");

  @ArchTest
  static final ArchRule MODEL =
      mayUse(
          "model",
          "io.embark.pooling..",
          "org.apache.hadoop..",
          "org.apache.commons.compress..",
          "com.fasterxml.jackson..",
          "ai.onnx.proto..",
          "com.google.protobuf..");

  @ArchTest
  static final ArchRule EMBED =
      mayUse(
          "embed",
          "io.embark.natives..",
          "io.embark.text..",
          "io.embark.token..",
          "io.embark.batch..",
          "io.embark.pooling..",
          "io.embark.onnx..",
          "io.embark.model..",
          "io.embark.vector..",
          "com.fasterxml.jackson..",
          "org.apache.hadoop.conf..");

  @ArchTest
  static final ArchRule SPARK_ONLY_IN_SPARK_AND_ABOVE =
      noClasses()
          .that()
          .resideOutsideOfPackages(
              "io.embark.spark..",
              "io.embark.table..",
              "io.embark.post..",
              "io.embark.compare..",
              "io.embark.search..",
              "io.embark.clustering..",
              "io.embark.notebook..",
              "io.embark.run..",
              "io.embark.doctor..",
              "io.embark.bench..",
              "io.embark.job..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("org.apache.spark..");

  @ArchTest
  static final ArchRule NOTEBOOK =
      mayUse("notebook", "jdk.jshell..", "org.dflib.jjava..", "org.apache.spark..", "scala..");

  @ArchTest
  static final ArchRule ONNX_RUNTIME_ONLY_IN_ONNX =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.embark.onnx..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("ai.onnxruntime..");

  @ArchTest
  static final ArchRule TOKENIZER_LIBRARY_ONLY_IN_TOKEN =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.embark.token..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("ai.djl..");

  @ArchTest static final ArchRule SPARK_KNOWS_NO_TABLE = mayNotUse("spark", "io.embark.table..");

  @ArchTest
  static final ArchRule SPARK_KNOWS_NO_JOB =
      mayNotUse("spark", "io.embark.run..", "io.embark.doctor..", "io.embark.bench..");

  @ArchTest
  static final ArchRule TABLE_KNOWS_NO_JOB =
      mayNotUse("table", "io.embark.run..", "io.embark.doctor..", "io.embark.bench..");

  @ArchTest
  static final ArchRule RUN_KNOWS_NO_OTHER_JOB =
      mayNotUse("run", "io.embark.doctor..", "io.embark.bench..");

  @ArchTest static final ArchRule DOCTOR_KNOWS_NO_BENCH = mayNotUse("doctor", "io.embark.bench..");

  @ArchTest static final ArchRule BENCH_KNOWS_NO_DOCTOR = mayNotUse("bench", "io.embark.doctor..");

  @ArchTest
  static final ArchRule NOBODY_KNOWS_THE_COMMAND_LINE =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.embark.job..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.embark.job..");

  @ArchTest
  static final ArchRule NO_CYCLES = slices().matching("io.embark.(*)..").should().beFreeOfCycles();
}
