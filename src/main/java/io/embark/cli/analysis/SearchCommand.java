package io.embark.cli.analysis;

import io.embark.UserError;
import io.embark.cli.JobSettings;
import io.embark.cli.Version;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** The {@code search} job: the rows of an embedded table that are nearest to queries. */
public final class SearchCommand implements Callable<Integer> {
  private static final String QUERY = "query";

  private CommandSpec spec;

  private SearchCommand() {}

  public static CommandLine commandLine() {
    SearchCommand command = new SearchCommand();
    CommandSpec spec = CommandSpec.wrapWithoutInspection(command);
    command.spec = spec;
    spec.mixinStandardHelpOptions(true);
    spec.version("Embark " + Version.of());
    spec.usageMessage()
        .description("Finds the rows of an embedded table that are most similar to queries.")
        .width(100)
        .sortOptions(false)
        .footer("", "Exit code: 0 done, 1 failed, 2 a flag, a setting or the input is wrong.");
    spec.addOption(
        // Not a setting: a list of texts, which may hold commas, cannot stand in a line of a file.
        OptionSpec.builder("--" + QUERY)
            .paramLabel("TEXT")
            .arity("1")
            .type(List.class)
            .auxiliaryTypes(String.class)
            .description("A text to search for; may be given several times.")
            .build());
    JobSettings.addOptions(spec, SearchSettings.ALL);
    return new CommandLine(spec).setOverwrittenOptionsAllowed(false);
  }

  @Override
  public Integer call() throws IOException {
    JobSettings settings = JobSettings.of(spec.commandLine().getParseResult(), SearchSettings.ALL);
    List<String> texts =
        spec.commandLine().getParseResult().matchedOptionValue(QUERY, List.<String>of());
    if (!settings.isSet(SearchSettings.INPUT)) {
      throw new UserError("input: missing; say which embedded table to search with --input URI.");
    }
    if (texts.isEmpty() != settings.isSet(SearchSettings.QUERIES)) {
      throw new UserError(
          "queries: say what to search for, with --query TEXT or with --queries URI, not both.");
    }
    if (texts.stream().anyMatch(String::isBlank)) {
      throw new UserError("query: found a blank text; there is nothing to look for.");
    }
    SparkSession spark = SparkSession.builder().appName("embark search").getOrCreate();
    try {
      new SearchRun(spark, settings, spec.commandLine().getOut()).call(texts);
      return 0;
    } finally {
      spark.stop();
    }
  }
}
