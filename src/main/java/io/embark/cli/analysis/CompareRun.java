package io.embark.cli.analysis;

import io.embark.analysis.compare.Comparer;
import io.embark.analysis.compare.Comparison;
import io.embark.analysis.compare.ComparisonJson;
import io.embark.analysis.compare.ConsoleReport;
import io.embark.analysis.compare.EmbeddingPass;
import io.embark.analysis.compare.HtmlReport;
import io.embark.analysis.compare.Scratch;
import io.embark.analysis.compare.Variants;
import io.embark.cli.JobSettings;
import io.embark.cli.Slots;
import io.embark.cli.Version;
import io.embark.embed.EmbedderConfig;
import io.embark.embed.Setting;
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
record CompareRun(SparkSession spark, JobSettings settings, PrintWriter out) {

  void call() throws IOException {
    long start = System.nanoTime();
    Path output = settings.path(CompareCommand.OUTPUT);
    FileSystem files = output.getFileSystem(spark.sparkContext().hadoopConfiguration());
    output = files.makeQualified(output);
    List<String> notes = new ArrayList<>();
    EmbeddingPass pass = EmbeddingPass.of(settings.embedderConfig(), notes);
    EmbedderConfig config = pass.facts().config();
    Variants variants =
        new Variants(settings.get(CompareCommand.POST), config.get(Setting.NORMALIZE));
    variants.require(pass.candidates());
    if (variants.areWanted()) {
      notes.add("maps of --post are fitted on the very texts that are compared");
      pass = pass.unscaled();
    }
    out.printf(
        "Comparing %s of %s, normalize %s (%s), max-length %s%n",
        String.join(", ", pass.facts().vectorNames()),
        config.text(Setting.MODEL),
        config.text(Setting.NORMALIZE),
        config.origin(Setting.NORMALIZE),
        config.text(Setting.MAX_LENGTH));
    out.flush();
    try (Scratch scratch = new Scratch(spark, output)) {
      Comparison comparison = compare(pass, variants, scratch, notes);
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

  private Comparison compare(
      EmbeddingPass pass, Variants variants, Scratch scratch, List<String> notes)
      throws IOException {
    CompareInput input = new CompareInput(spark, settings, pass, scratch, notes);
    Optional<Dataset<Row>> pairs = input.pairs();
    Variants.Tables tables = new Variants.Tables(pass.candidates(), input.texts(pairs), pairs);
    if (variants.areWanted()) {
      tables = variants.of(scratch, tables.candidates(), tables.texts(), pairs);
    }
    return new Comparer(
            scratch,
            tables.texts(),
            tables.pairs(),
            settings.get(CompareCommand.CLUSTERS),
            settings.get(CompareCommand.SEEDS),
            settings.get(CompareCommand.NEIGHBOUR_ROWS),
            Slots.of(spark.sparkContext()))
        .measure(pass, tables.candidates(), notes);
  }
}
