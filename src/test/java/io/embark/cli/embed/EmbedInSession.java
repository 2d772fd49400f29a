package io.embark.cli.embed;

import io.embark.cli.JobSettings;
import io.embark.cli.Words;
import io.embark.testing.LocalSpark;
import java.io.IOException;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;

/**
 * The embed job in the session that is there, which stays: many runs are quick, and what they throw
 * is thrown.
 *
 * @param exitCode 0 or 4
 */
record EmbedInSession(int exitCode, String out) {

  static EmbedInSession run(List<String> flags) throws IOException, InterruptedException {
    List<String> all = new ArrayList<>(List.of("--device", "cpu", "--preview", "0"));
    all.addAll(flags);
    JobSettings settings =
        JobSettings.of(
            new EmbedCommand().commandLine().parseArgs(all.toArray(String[]::new)),
            JobSettings.all(EmbedSettings.ALL));
    StringWriter out = new StringWriter();
    int exitCode = new EmbedRun(LocalSpark.session(), settings, new Words(out)).call();
    return new EmbedInSession(exitCode, out.toString());
  }
}
