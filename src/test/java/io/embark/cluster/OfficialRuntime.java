package io.embark.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * A folder laid out as the official Spark 3.5 distribution is, with the versions of protobuf, gson
 * and guava that it puts on every class path. Its {@code bin/spark-submit} is a stand-in that does
 * what the official scripts do: ask Spark's launcher for the java command and run that.
 */
final class OfficialRuntime {
  private static final List<String> DIFFER = List.of("protobuf-java", "gson", "guava");

  private OfficialRuntime() {}

  /**
   * Puts one together.
   *
   * @param home made here
   * @param spark a Spark made from Maven's jars
   * @param official folder with the jars that differ
   */
  static Path assemble(Path home, Path spark, Path official) throws IOException {
    Path jars = Files.createDirectories(home.resolve("jars"));
    try (Stream<Path> ours = Files.list(spark.resolve("jars"))) {
      for (Path jar : ours.toList()) {
        if (!differs(jar)) {
          // In place of a copy: a third of a gigabyte.
          Files.createSymbolicLink(jars.resolve(jar.getFileName()), jar.toRealPath());
        }
      }
    }
    try (Stream<Path> theirs = Files.list(official)) {
      for (Path jar : theirs.toList()) {
        Files.copy(jar, jars.resolve(jar.getFileName()));
      }
    }
    Files.writeString(home.resolve("RELEASE"), "Spark 3.5.7 built for Hadoop 3.3.4\n");
    Files.createDirectories(home.resolve("conf"));
    Path submit =
        Files.writeString(
            Files.createDirectories(home.resolve("bin")).resolve("spark-submit"),
            """
            #!/usr/bin/env bash
            set -e
            export SPARK_HOME="$(cd "$(dirname "$0")/.." && pwd)" SPARK_SCALA_VERSION=2.12
            java="${JAVA_HOME:?}/bin/java"
            command=()
            while IFS= read -r -d '' part; do
              command+=("$part")
            done < <("$java" -Xmx128m -cp "$SPARK_HOME/jars/*" org.apache.spark.launcher.Main \\
              org.apache.spark.deploy.SparkSubmit "$@")
            # The launcher begins with an empty part and a line break.
            [ "${#command[@]}" -gt 1 ] || exit 1
            exec "${command[1]#$'\n'}" "${command[@]:2}"
            """);
    if (!submit.toFile().setExecutable(true)) {
      throw new IOException("cannot make " + submit + " executable");
    }
    return home;
  }

  private static boolean differs(Path jar) {
    String name = jar.getFileName().toString();
    return DIFFER.stream().anyMatch(prefix -> name.matches(prefix + "-\\d.*\\.jar"));
  }
}
