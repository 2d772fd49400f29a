package io.embark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What {@code jobs/embed.sh} hands to spark-submit. The spark-submit here is a stand-in that prints
 * its arguments, one a line, and ends with 7; the distribution lies in a folder with a space in its
 * name.
 */
class JobScriptIT {
  @TempDir Path directory;
  private Path home;
  private Path spark;
  private final Map<String, String> environment = new HashMap<>();

  private record Ended(int exitCode, List<String> out, String err) {}

  @BeforeEach
  void lay() throws IOException {
    Path built = Path.of(System.getProperty("embark.dist"));
    home = Files.createDirectory(directory.toRealPath().resolve("my embark"));
    copy(built.resolve("jobs"), home.resolve("jobs"));
    copy(built.resolve("conf"), home.resolve("conf"));
    Files.createSymbolicLink(home.resolve("lib"), built.resolve("lib"));
    Files.createSymbolicLink(home.resolve("spark"), built.resolve("spark"));
    spark = directory.resolve("my spark");
    Files.createDirectories(spark.resolve("conf"));
    Files.createDirectories(spark.resolve("jars"));
    Files.createFile(spark.resolve("jars/spark-core_2.12-3.5.7.jar"));
    Path submit = Files.createDirectories(spark.resolve("bin")).resolve("spark-submit");
    executable(submit, "#!/bin/sh\nprintf '%s\\n' \"$@\" \"OPTS $SPARK_SUBMIT_OPTS\"\nexit 7\n");
    environment.put("SPARK_HOME", spark.toString());
  }

  @Test
  void splitsFlagsAtSparkAndPassesTheExitCode() {
    Ended run =
        embed("--input", "a b.txt", "", "*", "--spark", "--name", "my job", "--conf", "x=1 2");

    assertThat(run.exitCode).isEqualTo(7);
    assertThat(run.out).containsSequence("--name", "my job", "--conf", "x=1 2");
    int main = run.out.indexOf("io.embark.cli.Main");
    assertThat(run.out.get(main - 1)).isEqualTo("--class");
    assertThat(run.out.get(main + 1)).startsWith(home + "/lib/embark-").doesNotContain("-libs");
    assertThat(run.out.subList(main + 2, run.out.size() - 1))
        .containsExactly("embed", "--input", "a b.txt", "", "*");
    assertThat(run.out.get(run.out.size() - 1)).contains("-Dembark.home=\"" + home + "\"");
    assertThat(run.err).isEmpty();
  }

  @Test
  void aLocalMasterReadsTheLibrariesInPlace() {
    assertThat(after("--driver-class-path", embed())).isEqualTo(home + "/lib/*");
    assertThat(embed().out).doesNotContain("--jars");
    Ended run = embed("--spark", "--master=local[2]", "--driver-class-path", "/mine.jar");
    assertThat(after("--driver-class-path", run)).isEqualTo("/mine.jar:" + home + "/lib/*");
  }

  @Test
  void anyOtherMasterGetsEveryLibraryBehindTheUsersJars() throws IOException {
    Ended run = embed("--spark", "--master", "yarn", "--jars", "/a.jar,/b.jar");
    List<String> jars = List.of(after("--jars", run).split(","));

    assertThat(jars).startsWith("/a.jar", "/b.jar").allMatch(jar -> jar.endsWith(".jar"));
    try (Stream<Path> lib = Files.list(home.resolve("lib"))) {
      assertThat(jars).hasSize(2 + (int) lib.count() - 1);
    }
    assertThat(run.out).contains("yarn");
    assertThat(jars).filteredOn(jar -> jar.contains("onnxruntime")).hasSize(1);
  }

  @Test
  void theShippedSparkSaysThatItCannotDoYarnAndKubernetes() {
    environment.remove("SPARK_HOME");
    for (String master : List.of("yarn", "k8s://https://kubernetes.default.svc")) {
      Ended refused = embed("--spark", "--master", master);
      assertThat(refused.exitCode).isEqualTo(1);
      assertThat(refused.err).contains("--master " + master, "SPARK_HOME");
      assertThat(refused.err.contains("HADOOP_CONF_DIR")).isEqualTo(master.equals("yarn"));
    }
  }

  @Test
  void whatTheExamplesStartCanBeStarted() throws IOException {
    Path built = Path.of(System.getProperty("embark.dist"));
    try (Stream<Path> files = Files.walk(built)) {
      List<Path> scripts = files.filter(file -> file.toString().endsWith(".sh")).toList();
      assertThat(scripts)
          .contains(built.resolve("jobs/schedules/nightly.sh"))
          .allMatch(Files::isExecutable);
    }
    assertThat(built.resolve("docs/schedules.md")).exists();
  }

  @Test
  void findsTheMasterInTheUsersSettings() throws IOException {
    Path defaults = spark.resolve("conf/spark-defaults.conf");
    Files.writeString(defaults, "# no\nspark.master   yarn  \nspark.jars\t/theirs.jar\n");

    assertThat(after("--jars", embed())).startsWith("/theirs.jar,");
    assertThat(embed("--spark", "--conf", "spark.master=local[1]").out).doesNotContain("--jars");
    assertThat(embed("--spark", "--conf=spark.master=local").out).doesNotContain("--jars");
    Path other = Files.writeString(directory.resolve("other.conf"), "spark.master=local[*]\n");
    assertThat(embed("--spark", "--properties-file", other.toString()).out)
        .doesNotContain("--jars");
  }

  @Test
  void librariesInstalledOnEveryMachineAreNotSent() {
    environment.put("EMBARK_LIBS", "local:/opt/embark/lib");
    Ended run = embed("--spark", "--master", "yarn", "--conf", "spark.executor.extraClassPath=/x");

    assertThat(run.out)
        .doesNotContain("--jars")
        .contains("spark.executor.extraClassPath=/x:/opt/embark/lib/*");
    assertThat(after("--driver-class-path", run)).isEqualTo(home + "/lib/*");
    Ended cluster = embed("--spark", "--master", "yarn", "--deploy-mode", "cluster");
    assertThat(after("--driver-class-path", cluster)).isEqualTo("/opt/embark/lib/*");
    assertThat(after("io.embark.cli.Main", cluster)).startsWith("local:///opt/embark/lib/embark-");

    environment.put("EMBARK_LIBS", "hdfs:///apps/embark/");
    assertThat(List.of(after("--jars", embed("--spark", "--master", "yarn")).split(",")))
        .allMatch(jar -> jar.startsWith("hdfs:///apps/embark/"));
  }

  @Test
  void handsTheFolderOfNativeLibrariesToEveryProcess() throws IOException {
    Path natives = Files.createDirectories(directory.resolve("native libraries"));
    environment.put("EMBARK_NATIVES", natives.toString());
    Ended refused = embed("--spark", "--master", "yarn");
    assertThat(refused.exitCode).isEqualTo(1);
    assertThat(refused.err).contains(natives.toString(), "jobs/extract-natives.sh");
    assertThat(embed("--spark", "--master", "yarn", "--deploy-mode", "cluster").out)
        .contains("spark.yarn.appMasterEnv.EMBARK_NATIVES=" + natives);

    Files.createFile(natives.resolve("embark-natives.properties"));
    assertThat(embed("--spark", "--master", "yarn").out)
        .contains("spark.executorEnv.EMBARK_NATIVES=" + natives);
    Ended own =
        embed("--spark", "--master=yarn", "--conf", "spark.executorEnv.EMBARK_NATIVES=./natives");
    assertThat(own.out)
        .contains("spark.executorEnv.EMBARK_NATIVES=./natives")
        .doesNotContain("spark.executorEnv.EMBARK_NATIVES=" + natives);
  }

  @Test
  void ourSettingsOnlyWhereTheUsersSparkHasNone() throws IOException {
    assertThat(embed().out)
        .contains("spark.driver.memory=2g", "spark.sql.parquet.compression.codec=zstd")
        .noneMatch(argument -> argument.matches("spark\\.(master|ui\\.).*"));
    assertThat(embed().out.toString()).contains("-Dlog4j2.configurationFile=");

    Files.writeString(spark.resolve("conf/spark-defaults.conf"), "spark.driver.memory 9g\n");
    Files.createFile(spark.resolve("conf/log4j2.properties"));
    assertThat(embed().out).noneMatch(argument -> argument.startsWith("spark.driver.memory"));
    assertThat(embed().out.toString()).doesNotContain("log4j2.configurationFile");
  }

  @Test
  void worksThroughALink() throws IOException {
    Path link = Files.createSymbolicLink(directory.resolve("link"), home.resolve("jobs/embed.sh"));
    Ended run = run(List.of(link.toString(), "--x"));

    assertThat(run.exitCode).isEqualTo(7);
    assertThat(run.out).containsSequence("embed", "--x");
  }

  @Test
  void saysWhichJavaItNeeds() throws IOException {
    environment.put("JAVA_HOME", "/nowhere");
    assertThat(embed().exitCode).isEqualTo(1);
    assertThat(embed().err).contains("JAVA_HOME is /nowhere", "JDK 17");

    Path java = Files.createDirectories(directory.resolve("old/bin")).resolve("java");
    executable(java, "#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019-01-15' >&2\n");
    environment.put("JAVA_HOME", directory.resolve("old").toString());
    assertThat(embed().exitCode).isEqualTo(1);
    assertThat(embed().err).contains("is Java 11.0.2; Embark needs 17");
  }

  @Test
  void theShippedRuntimeReportsWhatSparkRefuses() {
    environment.remove("SPARK_HOME");
    Ended run = embed("--spark", "--no-such-flag");

    assertThat(run.exitCode).isNotZero();
    assertThat(run.err).contains("--no-such-flag");
  }

  private Ended embed(String... args) {
    List<String> command = new ArrayList<>();
    command.add(home.resolve("jobs/embed.sh").toString());
    command.addAll(List.of(args));
    return run(command);
  }

  private Ended run(List<String> command) {
    try {
      Path out = Files.createTempFile(directory, "out", "");
      Path err = Files.createTempFile(directory, "err", "");
      ProcessBuilder builder =
          new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
      builder.environment().keySet().removeIf(k -> k.matches("(SPARK|EMBARK)_.*|MASTER"));
      builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
      builder.environment().putAll(environment);
      Process process = builder.start();
      if (!process.waitFor(60, TimeUnit.SECONDS)) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        throw new AssertionError(command + " still ran after 60 s:\n" + Files.readString(err));
      }
      return new Ended(process.exitValue(), Files.readAllLines(out), Files.readString(err));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private static String after(String flag, Ended run) {
    assertThat(run.out).contains(flag);
    return run.out.get(run.out.lastIndexOf(flag) + 1);
  }

  private static void executable(Path file, String text) throws IOException {
    Files.writeString(file, text);
    assertThat(file.toFile().setExecutable(true)).isTrue();
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectory(to);
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.toList()) {
        Files.copy(
            file, to.resolve(file.getFileName()), java.nio.file.StandardCopyOption.COPY_ATTRIBUTES);
      }
    }
  }
}
