package io.embark.cli.doctor;

import io.embark.cli.JobSettings;
import io.embark.cli.Slots;
import io.embark.cli.Words;
import io.embark.cli.doctor.DoctorReport.Finding;
import io.embark.cli.doctor.DoctorReport.Place;
import io.embark.cli.doctor.DoctorReport.Place.Checked;
import io.embark.cli.doctor.DoctorReport.Verdict;
import io.embark.cli.embed.EmbedSettings;
import io.embark.cli.embed.TextInput;
import io.embark.embed.EmbedderConfig;
import io.embark.embed.Setting;
import io.embark.model.ModelDirectory;
import io.embark.spark.column.Columns;
import io.embark.spark.executor.Canary;
import io.embark.spark.executor.HostModels;
import io.embark.spark.executor.ModelFacts;
import io.embark.spark.executor.ReferenceVectors;
import io.embark.token.HfTokenizer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** One run of {@code doctor} in a session. */
final class DoctorRun {
  private static final int SAMPLE = 1_000;
  private static final double TOKENS_PER_ROW = 64;

  private final SparkSession spark;
  private final SparkContext context;
  private final JobSettings settings;
  private EmbedderConfig config;
  private String fingerprint;
  private Canary canary;
  private List<long[]> ids;
  private double tokenized;
  private long rows;
  private double tokensPerRow = TOKENS_PER_ROW;

  DoctorRun(SparkSession spark, JobSettings settings) {
    this.spark = spark;
    this.context = spark.sparkContext();
    this.settings = settings;
    this.config = settings.embedderConfig();
  }

  DoctorReport call() {
    boolean local = context.isLocal();
    Place driver = checkDriver();
    // Executors that are yet to come are planned with, but only those that are there are measured.
    int present = Slots.present(context);
    int registered = DoctorRounds.executors(context).size();
    int threads = threads(context.getConf(), local, present, registered);
    DoctorTask task =
        new DoctorTask(
            UUID.randomUUID().toString(),
            config,
            fingerprint,
            canary,
            ids,
            settings.text(EmbedSettings.OUTPUT),
            threads);
    context.setJobDescription("Embark: doctor");
    List<Place> places = new ArrayList<>(new DoctorRounds(context).run(task));
    if (local && places.size() == 1) {
      // One JVM, one place; what went well on both sides is told once.
      List<Checked> checks = places.get(0).checks;
      driver.checks.removeIf(
          checked ->
              checked.finding().verdict() == Verdict.OK
                  && checks.stream().anyMatch(other -> other.check().equals(checked.check())));
      checks.addAll(0, driver.checks);
    } else {
      places.add(0, driver);
    }
    List<Place> measured = places.stream().filter(place -> place.speeds != null).toList();
    DoctorPlan plan =
        measured.isEmpty()
            ? null
            : DoctorPlan.of(
                measured,
                tokenized,
                threads,
                local ? present : Slots.of(context),
                context.getConf().getInt("spark.task.cpus", 1),
                rows,
                tokensPerRow);
    return new DoctorReport(context.master(), places, plan);
  }

  private Place checkDriver() {
    Configuration hadoop = context.hadoopConfiguration();
    Place driver =
        new Place("driver", context.env().blockManager().blockManagerId().hostPort(), "");
    if (!context.isLocal()) {
      // The driver of a cluster has no business on a GPU, so nothing is wanted of it there.
      HostChecks.run(driver, onCpu(), settings.text(EmbedSettings.OUTPUT), hadoop);
    }
    driver.check("model", this::openModel);
    if (ids != null) {
      driver.check("tokenizer", this::tokenizer);
    }
    if (settings.isSet(EmbedSettings.INPUT)) {
      driver.check("input", () -> input(hadoop));
    }
    rows = settings.get(DoctorCommand.ROWS, rows);
    if (settings.isSet(DoctorCommand.TOKENS_PER_ROW)) {
      tokensPerRow = settings.get(DoctorCommand.TOKENS_PER_ROW);
    }
    driver.check("executors", this::executors);
    return driver;
  }

  private EmbedderConfig onCpu() {
    return config.toBuilder().set(Setting.DEVICE, "cpu", "the driver computes nothing").build();
  }

  /** Tasks that share a session in a job; {@code present} slots are those of the registered. */
  static int threads(SparkConf conf, boolean local, int present, int registered) {
    int tasksPerGpu = Slots.tasksPerGpu(conf);
    if (tasksPerGpu > 0) {
      return tasksPerGpu;
    }
    // A local master has no executors of which cores could have been asked for.
    return local ? Math.max(1, present) : Slots.ofExecutor(conf, present, registered);
  }

  private Finding openModel() throws IOException {
    ModelDirectory model = HostModels.open(config);
    fingerprint = model.fingerprint();
    config = config.resolve(model);
    ids = DoctorTask.ids(config);
    // On the CPU: whether executors have the device that is asked for is their own check.
    canary = ModelFacts.of(onCpu()).canary();
    return Finding.ok(fingerprint.substring(0, 16));
  }

  private Finding tokenizer() throws IOException {
    try (HfTokenizer tokenizer = DoctorTask.tokenizer(config)) {
      String text = "the words of a text that is neither long nor short ".repeat(10);
      long tokens = 0;
      long start = System.nanoTime();
      while (System.nanoTime() - start < 200_000_000L) {
        tokens += tokenizer.encode(text).used();
      }
      tokenized = tokens / ((System.nanoTime() - start) / 1e9);
    }
    List<long[]> wanted = ReferenceVectors.ids(config).orElse(ids);
    return DoctorTask.compareIds(
        ids,
        wanted,
        "other ids than the reference for '%s'",
        "tokenizer.json is not the one that ships with the model: empty the model cache.");
  }

  /** Counts the rows, and the tokens of a sample of them. */
  private Finding input(Configuration hadoop) throws IOException {
    String textCol = settings.get(EmbedSettings.TEXT_COL);
    TextInput input = TextInput.of(settings.get(EmbedSettings.INPUT), settings, hadoop);
    Dataset<Row> read = input.read(spark, settings);
    if (!List.of(read.columns()).contains(textCol)) {
      return Finding.failed(
          "no column '%s'; it has %s".formatted(textCol, String.join(", ", read.columns())),
          "Name the column of texts with --text-col.");
    }
    Dataset<Row> texts = read.select(Columns.of(textCol).cast("string").as("text"));
    rows = texts.count();
    double fraction = Math.min(1, 2.0 * SAMPLE / Math.max(1, rows));
    List<String> sample =
        texts.na().drop().sample(fraction, 1).limit(SAMPLE).as(Encoders.STRING()).collectAsList();
    if (!sample.isEmpty() && ids != null) {
      try (HfTokenizer tokenizer = DoctorTask.tokenizer(config)) {
        tokensPerRow =
            sample.stream().mapToInt(text -> tokenizer.encode(text).used()).average().orElse(1);
      }
    }
    return Finding.ok(Words.of("%,d rows of %.0f tokens", rows, tokensPerRow));
  }

  private Finding executors() {
    SparkConf conf = context.getConf();
    int there = DoctorRounds.executors(context).size();
    int wanted = conf.getInt("spark.executor.instances", 0);
    int present = Slots.present(context);
    int planned = context.isLocal() ? present : Slots.of(context);
    String found =
        "%d registered, %d slots".formatted(there, present)
            + (planned > present ? " of %d to come".formatted(planned) : "");
    return there < wanted && !context.isLocal()
        ? Finding.warning(
            found + ", %d executors asked for".formatted(wanted),
            "The cluster has not given the rest: see its manager, and whether cores, memory and"
                + " GPUs asked for exist.")
        : Finding.ok(found);
  }
}
