package io.embark.cli.analysis;

import io.embark.analysis.compare.Comparer;
import io.embark.analysis.compare.Comparison;
import io.embark.analysis.compare.ComparisonJson;
import io.embark.analysis.compare.ConsoleReport;
import io.embark.analysis.compare.EmbeddingPass;
import io.embark.analysis.compare.HtmlReport;
import io.embark.analysis.compare.Offered;
import io.embark.analysis.compare.Scratch;
import io.embark.analysis.compare.Variants;
import io.embark.cli.JobSettings;
import io.embark.cli.Slots;
import io.embark.cli.Version;
import io.embark.embed.EmbedderConfig;
import io.embark.embed.Setting;
import io.embark.pooling.Norm;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** One run of {@code compare} in a session. */
final class CompareRun {
  private final SparkSession spark;
  private final JobSettings settings;
  private final PrintWriter out;

  CompareRun(SparkSession spark, JobSettings settings, PrintWriter out) {
    this.spark = spark;
    this.settings = settings;
    this.out = out;
  }

  void call() throws IOException {
    long start = System.nanoTime();
    Path output = settings.path(CompareSettings.OUTPUT);
    FileSystem files = output.getFileSystem(spark.sparkContext().hadoopConfiguration());
    output = files.makeQualified(output);
    Offered found = Offered.of(settings.embedderConfig());
    List<String> notes = new ArrayList<>(found.notes());
    Offered offered = new Offered(found.facts(), found.own(), notes);
    EmbedderConfig config = offered.facts().config();
    Variants variants =
        new Variants(settings.get(CompareSettings.POST), config.get(Setting.NORMALIZE));
    variants.require(offered.candidates());
    if (variants.areWanted()) {
      notes.add("maps of --post are fitted on the very texts that are compared");
      config = config.toBuilder().normalize(Norm.NONE).build();
    }
    out.printf(
        "Comparing %s of %s, normalize %s (%s), max-length %s%n",
        String.join(", ", offered.facts().vectorNames()),
        offered.facts().config().text(Setting.MODEL),
        offered.facts().config().text(Setting.NORMALIZE),
        offered.facts().config().origin(Setting.NORMALIZE),
        offered.facts().config().text(Setting.MAX_LENGTH));
    out.flush();
    try (Scratch scratch = new Scratch(spark, output)) {
      CompareInput input =
          new CompareInput(
              spark, settings, new EmbeddingPass(config, offered.candidates()), scratch, notes);
      Optional<Dataset<Row>> pairs = input.pairs();
      Variants.Tables tables = new Variants.Tables(offered.candidates(), input.texts(pairs), pairs);
      if (variants.areWanted()) {
        tables = variants.of(scratch, tables.candidates(), tables.texts(), pairs);
      }
      Comparison comparison =
          new Comparer(
                  scratch,
                  tables.texts(),
                  tables.pairs(),
                  settings.get(CompareSettings.CLUSTERS),
                  settings.get(CompareSettings.SEEDS),
                  settings.get(CompareSettings.NEIGHBOUR_ROWS),
                  Slots.of(spark.sparkContext()))
              .measure(offered, tables.candidates());
      try (OutputStream json = files.create(new Path(output, "compare.json"), true)) {
        ComparisonJson.write(comparison, Version.of(), json);
      }
      try (OutputStream html = files.create(new Path(output, "compare.html"), true)) {
        HtmlReport.write(comparison, Version.of(), html);
      }
      new ConsoleReport(comparison, out).print();
      out.printf(
          "%nWritten: %s and compare.json beside it; %.0f s in all.%n",
          new Path(output, "compare.html"), (System.nanoTime() - start) / 1e9);
      out.flush();
    }
  }
}
