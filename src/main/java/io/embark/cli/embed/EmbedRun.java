package io.embark.cli.embed;

import com.fasterxml.jackson.databind.JsonNode;
import io.embark.UserError;
import io.embark.cli.ExitCode;
import io.embark.cli.JobSettings;
import io.embark.embed.Status;
import io.embark.table.Staging;
import io.embark.table.TableDirectory;
import io.embark.table.TableLock;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Optional;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** One run of the {@code embed} job in a session. */
public final class EmbedRun {
  private final SparkSession spark;
  private final JobSettings settings;
  private final PrintWriter out;

  /**
   * Prepares it; nothing is read yet.
   *
   * @param settings flags and file, those of the embedder among them
   * @param out for people to read
   */
  public EmbedRun(SparkSession spark, JobSettings settings, PrintWriter out) {
    this.spark = spark;
    this.settings = settings;
    this.out = out;
  }

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
      EffectiveSettings.print(out, plan, publisher.name());
      spark
          .sparkContext()
          .setJobDescription("Embark: embed " + String.join(", ", plan.input().paths()));
      TableDirectory directory = publisher.open(plan);
      Optional<RunSummary> summary;
      try (TableLock lock = lock(directory)) {
        Optional<Staging.Recovered> own = publisher.recover(plan);
        if (own.isPresent()) {
          return reportRecovered(own.get(), publisher);
        }
        summary = embed(plan, directory, publisher, lock);
      }
      if (summary.isEmpty()) {
        out.println("Nothing to do: " + publisher.name() + " is up to date.");
        return 0;
      }
      summary.get().print(out, publisher.name(), (System.nanoTime() - start) / 1e9);
      preview(plan, publisher);
      return summary.get().failedRows() > 0 ? ExitCode.PARTIAL : 0;
    } finally {
      out.flush();
    }
  }

  private TableLock lock(TableDirectory directory) throws IOException, InterruptedException {
    Duration patience = Duration.ofSeconds(settings.get(EmbedSettings.WAIT_FOR_LOCK));
    return TableLock.take(directory, spark.sparkContext().applicationId(), patience);
  }

  /** Nothing if there was nothing to do. */
  private Optional<RunSummary> embed(
      EmbedPlan asked, TableDirectory directory, Publisher publisher, TableLock lock)
      throws IOException {
    Staging staging = Staging.of(directory, RunFacts.of(asked, publisher.current()));
    EmbedPlan plan = publisher.settle(asked, staging.begun());
    Publisher.Work work = publisher.work(plan);
    work.compared().ifPresent(words -> out.println("Compared with the table: " + words + "."));
    if (work.nothing()) {
      staging.clear();
      return Optional.empty();
    }
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

  private int reportRecovered(Staging.Recovered recovered, Publisher publisher) {
    JsonNode result = recovered.manifest().path("result");
    out.printf(
        "Nothing to do: an earlier attempt of this run died while it published; version %d of %s"
            + " with %,d rows is finished now.%n",
        recovered.snapshot().id(), publisher.name(), result.path("rows").asLong());
    return result.path(Status.FAILED.name()).asLong() > 0 ? ExitCode.PARTIAL : 0;
  }

  private void preview(EmbedPlan plan, Publisher publisher) throws IOException {
    int rows = settings.get(EmbedSettings.PREVIEW);
    Optional<Dataset<Row>> published = rows > 0 ? publisher.published() : Optional.empty();
    published.ifPresent(written -> new Preview(plan, out).print(written, rows));
  }
}
