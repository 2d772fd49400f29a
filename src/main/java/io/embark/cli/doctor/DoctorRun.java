package io.embark.cli.doctor;

import io.embark.cli.JobSettings;
import io.embark.cli.Slots;
import io.embark.cli.embed.EmbedSettings;
import io.embark.cli.embed.TextInput;
import io.embark.embed.EmbedderConfig;
import io.embark.embed.Setting;
import io.embark.model.ModelDirectory;
import io.embark.spark.column.Columns;
import io.embark.spark.executor.Canary;
import io.embark.spark.executor.ModelFacts;
import io.embark.spark.executor.ReferenceVectors;
import io.embark.token.HfTokenizer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
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
    this.settings = settings;
    this.config = settings.embedderConfig();
  }

  DoctorReport call() {
    SparkContext context = spark.sparkContext();
    Configuration hadoop = context.hadoopConfiguration();
    String output = settings.text(EmbedSettings.OUTPUT);
    PlaceReport onDriver =
        new PlaceReport("driver", context.env().blockManager().blockManagerId().hostPort(), "");
    boolean local = context.isLocal();
    if (!local) {
      // The driver of a cluster has no business on a GPU, so nothing is wanted of it there.
      EmbedderConfig onCpu =
          config.toBuilder().set(Setting.DEVICE, "cpu", "the driver computes nothing").build();
      HostChecks.run(onDriver, onCpu, output, hadoop);
    }
    onDriver.check("model", this::openModel);
    if (ids != null) {
      onDriver.check("tokenizer", this::tokenizer);
    }
    if (settings.isSet(EmbedSettings.INPUT)) {
      onDriver.check("input", () -> input(hadoop));
    }
    if (settings.isSet(DoctorSettings.ROWS)) {
      rows = settings.get(DoctorSettings.ROWS, 0L);
    }
    if (settings.isSet(DoctorSettings.TOKENS_PER_ROW)) {
      tokensPerRow = settings.get(DoctorSettings.TOKENS_PER_ROW, 0);
    }
    onDriver.check("executors", () -> executors(context));

    // Executors that are yet to come are planned with, but only those that are there are measured.
    int threads = threads(context);
    DoctorTask task =
        new DoctorTask(
            UUID.randomUUID().toString(), config, fingerprint, canary, ids, output, threads);
    context.setJobDescription("Embark: doctor");
    List<PlaceReport> places = new ArrayList<>();
    List<PlaceReport> reached = new DoctorRounds(context).run(task);
    if (local && reached.size() == 1) {
      // One JVM, one place; what went well on both sides is told once.
      onDriver.findings.removeIf(
          found ->
              found.verdict() == Finding.Verdict.OK
                  && reached.get(0).findings.stream()
                      .anyMatch(other -> other.check().equals(found.check())));
      reached.get(0).findings.addAll(0, onDriver.findings);
    } else {
      places.add(onDriver);
    }
    places.addAll(reached);
    List<PlaceReport> measured = places.stream().filter(place -> place.speeds != null).toList();
    DoctorPlan plan =
        measured.isEmpty()
            ? null
            : DoctorPlan.of(
                measured,
                tokenized,
                threads,
                local ? Slots.present(context) : Slots.of(context),
                context.getConf().getInt("spark.task.cpus", 1),
                rows,
                tokensPerRow);
    return new DoctorReport(context.master(), places, plan);
  }

  private static int threads(SparkContext context) {
    return threads(
        context.getConf(),
        context.isLocal(),
        Slots.present(context),
        DoctorRounds.executors(context).size());
  }

  /**
   * Tasks that share a session in a job.
   *
   * @param present slots of the executors that have registered
   */
  static int threads(SparkConf conf, boolean local, int present, int registered) {
    int tasksPerGpu = Slots.tasksPerGpu(conf);
    if (tasksPerGpu > 0) {
      return tasksPerGpu;
    }
    // A local master has no executors of which cores could have been asked for.
    return local ? Math.max(1, present) : Slots.ofExecutor(conf, present, registered);
  }

  private Finding openModel() throws IOException {
    ModelDirectory model = DoctorTask.open(config);
    fingerprint = model.fingerprint();
    config = config.resolve(model);
    ids = DoctorTask.ids(config);
    // On the CPU: whether executors have the device that is asked for is their own check.
    EmbedderConfig onCpu =
        config.toBuilder().set(Setting.DEVICE, "cpu", "the driver computes nothing").build();
    ModelFacts facts = ModelFacts.of(onCpu);
    canary = facts.canary();
    return Finding.ok("model", fingerprint.substring(0, 16));
  }

  private Finding tokenizer() throws IOException {
    ModelDirectory model = DoctorTask.open(config);
    try (HfTokenizer tokenizer =
        HfTokenizer.open(model.tokenizerJson(), config.get(Setting.MAX_LENGTH))) {
      String text = "the words of a text that is neither long nor short ".repeat(10);
      long tokens = 0;
      long start = System.nanoTime();
      while (System.nanoTime() - start < 200_000_000L) {
        tokens += tokenizer.encode(text).used();
      }
      tokenized = tokens / ((System.nanoTime() - start) / 1e9);
    }
    Optional<List<long[]>> wanted = ReferenceVectors.ids(config);
    if (wanted.isPresent()) {
      for (int i = 0; i < ids.size(); i++) {
        if (!Arrays.equals(ids.get(i), wanted.get().get(i))) {
          return Finding.failed(
              "tokenizer",
              "other ids than the reference for '%s'"
                  .formatted(ReferenceVectors.sentences().get(i)),
              "tokenizer.json is not the one that ships with the model: empty the model cache.");
        }
      }
    }
    return Finding.ok("tokenizer", "%d sentences, ids as wanted".formatted(ids.size()));
  }

  /** Counts the rows, and the tokens of a sample of them. */
  private Finding input(Configuration hadoop) throws IOException {
    String textCol = settings.get(EmbedSettings.TEXT_COL);
    TextInput input =
        TextInput.of(
            settings.get(EmbedSettings.INPUT),
            settings.get(EmbedSettings.FORMAT, null),
            settings.get(EmbedSettings.READ_OPTION, null),
            hadoop);
    Dataset<Row> read = input.read(spark, textCol);
    if (!List.of(read.columns()).contains(textCol)) {
      return Finding.failed(
          "input",
          "no column '%s'; it has %s".formatted(textCol, String.join(", ", read.columns())),
          "Name the column of texts with --text-col.");
    }
    Dataset<Row> texts = read.select(Columns.of(textCol).cast("string").as("text"));
    rows = texts.count();
    double fraction = Math.min(1, 2.0 * SAMPLE / Math.max(1, rows));
    List<String> sample =
        texts.na().drop().sample(fraction, 1).limit(SAMPLE).as(Encoders.STRING()).collectAsList();
    if (!sample.isEmpty() && ids != null) {
      ModelDirectory model = DoctorTask.open(config);
      try (HfTokenizer tokenizer =
          HfTokenizer.open(model.tokenizerJson(), config.get(Setting.MAX_LENGTH))) {
        tokensPerRow =
            sample.stream().mapToInt(text -> tokenizer.encode(text).used()).average().orElse(1);
      }
    }
    return Finding.ok("input", "%,d rows of %.0f tokens".formatted(rows, tokensPerRow));
  }

  private static Finding executors(SparkContext context) {
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
            "executors",
            found + ", %d executors asked for".formatted(wanted),
            "The cluster has not given the rest: see its manager, and whether cores, memory and GPUs"
                + " asked for exist.")
        : Finding.ok("executors", found);
  }
}
