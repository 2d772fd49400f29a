package io.embark.cli.embed;

import io.embark.UserError;
import io.embark.cli.ExitCode;
import io.embark.cli.JobSettings;
import io.embark.cli.Main;
import io.embark.cli.Words;
import io.embark.embed.EmbedderConfig;
import io.embark.embed.Setting;
import io.embark.spark.executor.ModelFacts;
import io.embark.table.Receipt;
import io.embark.table.Staging;
import io.embark.table.TableDirectory;
import io.embark.table.TableLock;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;

/**
 * One run of the {@code embed} job in a session.
 *
 * @param settings flags and file, those of the embedder among them
 * @param out for people to read
 */
public record EmbedRun(SparkSession spark, JobSettings settings, Words out) {
  /**
   * Embeds and publishes.
   *
   * @return the exit code, 0 or {@link ExitCode#PARTIAL}
   * @throws UserError if a setting or the input is not as it must be
   * @throws QualityGate.Failed if rows are not good enough to be published
   */
  public int call() throws IOException, InterruptedException {
    long start = System.nanoTime();
    try (Publisher publisher = Publisher.of(spark, settings)) {
      EmbedPlan plan = EmbedPlan.of(spark, settings);
      publisher.require(plan);
      printSettings(plan, publisher.name());
      spark
          .sparkContext()
          .setJobDescription("Embark: embed " + String.join(", ", plan.input().paths()));
      TableDirectory directory = publisher.open(plan);
      Duration patience = Duration.ofSeconds(settings.get(EmbedSettings.WAIT_FOR_LOCK));
      Optional<RunSummary> summary;
      try (TableLock lock = TableLock.take(directory, spark.sparkContext(), patience)) {
        Optional<Publisher.Earlier> earlier = publisher.recover(plan, lock);
        if (earlier.isPresent()) {
          return report(earlier.get(), publisher);
        }
        summary = embed(plan, directory, publisher, lock);
        if (summary.isEmpty()) {
          out.println("Nothing to do: " + publisher.name() + " is up to date.");
          return 0;
        }
        summary.get().print(out, publisher.name(), (System.nanoTime() - start) / 1e9);
        int rows = settings.get(EmbedSettings.PREVIEW);
        if (rows > 0) {
          // Under the lock: the next run may delete the files that are read here.
          publisher.published().ifPresent(written -> new Preview(plan, out).print(written, rows));
        }
      }
      return summary.get().failedRows() > 0 ? ExitCode.PARTIAL : 0;
    }
  }

  /** Prints what will be done and where each setting comes from. */
  private void printSettings(EmbedPlan plan, Path output) {
    TextInput input = plan.input();
    ModelFacts facts = plan.model();
    out.println("Embark " + Main.version() + " embeds with these settings:");
    line(
        "input",
        String.join(", ", input.paths()) + " (" + input.format().label() + ")",
        settings.isSet(EmbedSettings.INPUT)
            ? settings.origin(EmbedSettings.INPUT)
            : "shipped sample");
    line("text-col", plan.textCol(), settings.origin(EmbedSettings.TEXT_COL));
    line(
        "output", output + " (" + plan.mode().label() + ")", settings.origin(EmbedSettings.OUTPUT));
    EmbedderConfig config = facts.config();
    for (Setting<?> setting : Setting.ALL) {
      String value = config.text(setting);
      if (value != null && (config.isSet(setting) || isOfInterest(setting)) && !value.isEmpty()) {
        line(
            setting.key(),
            setting == Setting.PROMPT ? "'" + value + "'" : value,
            config.origin(setting));
      }
    }
    line(
        "runs on",
        facts.device().orElse("each executor's own device"),
        facts.device().isPresent() ? "found here" : "settled there");
    // One number where all are equal.
    List<String> dimensions = facts.dimensions().stream().distinct().map(String::valueOf).toList();
    line(
        "vectors",
        String.join(", ", plan.vectorColumns())
            + " of "
            + String.join(", ", dimensions)
            + " values",
        "model's graph");
    line("fingerprint", facts.fingerprint().substring(0, 16), "SHA-256 of graph and tokenizer");
  }

  /** Whether a setting is printed though it has its default. */
  private static boolean isOfInterest(Setting<?> setting) {
    return !setting.argument().equals(Setting.SWITCH)
        && setting != Setting.TRUNCATE_DIM
        && setting != Setting.PADDING
        && setting != Setting.SHAPE_BUCKETS
        && !setting.key().startsWith("gpu-");
  }

  private void line(String key, String value, String origin) {
    out.printf("  %-17s %-40s (%s)%n", key, value, origin);
  }

  /** Empty if there was nothing to do. */
  private Optional<RunSummary> embed(
      EmbedPlan asked, TableDirectory directory, Publisher publisher, TableLock lock)
      throws IOException {
    Staging staging = new Staging(directory, lock, RunFacts.of(asked, publisher.current()));
    EmbedPlan plan = publisher.settle(asked, staging.begun());
    Publisher.Work work = publisher.work(plan);
    work.compared().ifPresent(words -> out.println("Compared with the table: " + words + "."));
    if (work.nothing()) {
      // What started from another version cannot be gone on with; the rest may be.
      long version = publisher.current();
      staging.discardOthers(run -> RunFacts.base(run.facts()) != version);
      staging.clear();
      return Optional.empty();
    }
    // Only now, as a run that is refused or has nothing to do leaves alone what another has staged.
    staging.discardOthers();
    TableRun run = new TableRun(plan, staging);
    TableRun.Staged staged = run.embed(work.rows(), work.count());
    QualityGate.require(plan, staged);
    publisher.publish(plan, run, staged, lock);
    RunSummary summary = staged.summary();
    if (staged.resumedSlices() > 0) {
      out.printf(
          "Went on where an earlier attempt ended: %,d of %,d slices with %,d rows were done.%n",
          staged.resumedSlices(), staged.slices(), summary.resumed());
    }
    long saved = summary.totals().documents() - staged.texts();
    if (saved > 0) {
      out.printf("%,d rows share the vector of another row with the same text.%n", saved);
    }
    return Optional.of(summary);
  }

  private int report(Publisher.Earlier earlier, Publisher publisher) {
    Receipt receipt = earlier.receipt();
    if (earlier.nowFinished()) {
      out.printf(
          "Nothing to do: an earlier attempt of this run died while it published; version %d of %s"
              + " with %,d rows is finished now.%n",
          receipt.snapshot(), publisher.name(), receipt.rows());
    } else {
      out.printf(
          "Nothing to do: already published. %s put %,d rows into version %d of %s at %s. To do it"
              + " once more, give %s --run-id.%n",
          receipt.runId() == null
              ? "The same command with the same input files"
              : "Run " + receipt.runId(),
          receipt.rows(),
          receipt.snapshot(),
          publisher.name(),
          receipt.published(),
          receipt.runId() == null ? "a" : "another");
    }
    return receipt.failedRows() > 0 ? ExitCode.PARTIAL : 0;
  }
}
