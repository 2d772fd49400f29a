package io.embark.cli.analysis;

import io.embark.UserError;
import io.embark.cli.JobSettings;
import io.embark.cli.SettingsCommand;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The {@code search} job: the rows of an embedded table that are nearest to queries. */
@Command(
    name = "search",
    description = "Finds the rows of an embedded table that are most similar to queries.",
    footer = {"", "Exit code: 0 done, 1 failed, 2 a flag, a setting or the input is wrong."})
public final class SearchCommand extends SettingsCommand {
  // Not a setting: a list of texts, which may hold commas, cannot stand in a line of a file.
  @Option(
      names = "--query",
      paramLabel = "TEXT",
      arity = "1",
      order = 0,
      description = "A text to search for; may be given several times.")
  private List<String> queries = List.of();

  public SearchCommand() {
    super(SearchSettings.ALL);
  }

  @Override
  protected void check(JobSettings given) {
    if (!given.isSet(SearchSettings.INPUT)) {
      throw new UserError("input: missing; say which embedded table to search with --input URI.");
    }
    if (queries.isEmpty() != given.isSet(SearchSettings.QUERIES)) {
      throw new UserError(
          "queries: say what to search for, with --query TEXT or with --queries URI, not both.");
    }
    if (queries.stream().anyMatch(String::isBlank)) {
      throw new UserError("query: found a blank text; there is nothing to look for.");
    }
  }

  @Override
  protected int run(SparkSession spark, JobSettings given, PrintWriter out) throws IOException {
    new SearchRun(spark, given, out).call(queries);
    return 0;
  }
}
