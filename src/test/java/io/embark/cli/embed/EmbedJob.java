package io.embark.cli.embed;

import io.embark.cli.JobSettings;
import io.embark.cli.Words;
import java.io.FilterWriter;
import java.io.IOException;
import java.io.StringWriter;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;

/** Embed runs in a session that stays, on the CPU; what they throw is thrown. */
final class EmbedJob {
  private static final List<String> HERE = List.of("--device", "cpu", "--preview", "0");

  private EmbedJob() {}

  /** What a run prints. */
  static String run(SparkSession spark, List<String> flags) throws Exception {
    return run(spark, flags, () -> {});
  }

  /** What a run prints, in which something happens once it has compared input and target. */
  static String run(SparkSession spark, List<String> flags, Runnable onCompared) throws Exception {
    EmbedCommand command = new EmbedCommand();
    String[] all = Stream.concat(HERE.stream(), flags.stream()).toArray(String[]::new);
    JobSettings settings =
        JobSettings.of(command.commandLine().parseArgs(all), JobSettings.all(EmbedSettings.ALL));
    command.check(settings);
    StringWriter said = new StringWriter();
    FilterWriter listening =
        new FilterWriter(said) {
          @Override
          public void write(String text, int from, int length) throws IOException {
            super.write(text, from, length);
            if (text.startsWith("Compared with", from)) {
              onCompared.run();
            }
          }
        };
    new EmbedRun(spark, settings, new Words(listening)).call();
    return said.toString();
  }
}
