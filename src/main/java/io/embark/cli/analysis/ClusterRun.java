package io.embark.cli.analysis;

import static org.apache.spark.sql.functions.*;

import io.embark.UserError;
import io.embark.analysis.cluster.Algorithm;
import io.embark.analysis.cluster.ClusterModel;
import io.embark.analysis.cluster.Clustering;
import io.embark.analysis.cluster.Features;
import io.embark.cli.JobSettings;
import io.embark.cli.Main;
import io.embark.cli.Words;
import io.embark.cli.analysis.ClusterCommand.Range;
import io.embark.cli.embed.EmbedSettings;
import io.embark.cli.embed.Progress;
import io.embark.embed.Setting;
import io.embark.spark.column.Columns;
import io.embark.spark.parquet.VectorParquetFormat;
import io.embark.spark.path.ExactFiles;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.DataFrameWriter;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.storage.StorageLevel;

/** One run of the {@code cluster} job in a session. */
final class ClusterRun {
  /** Characters of a text that are looked at for its summary. */
  private static final int TEXT_READ = 2_000;

  private static final int TEXT_ON_MAP = 300;

  private final SparkSession spark;
  private final JobSettings settings;
  private final Words out;
  private final int seed;
  private final EmbeddedTable table;
  private final String textCol;
  private final String idCol;
  private final String labelCol;
  private final Path output;

  /**
   * Opens the table and checks what the settings say of it.
   *
   * @throws UserError if it has no such columns, or the output is not free
   */
  ClusterRun(SparkSession spark, JobSettings settings, Words out) throws IOException {
    this.spark = spark;
    this.settings = settings;
    this.out = out;
    this.seed = settings.get(ClusterCommand.SEED);
    this.table = EmbeddedTable.open(spark, settings, ClusterCommand.INPUT);
    this.textCol = table.column(settings, EmbedSettings.TEXT_COL, "text");
    this.idCol = table.column(settings, EmbedSettings.ID_COL, "id");
    this.labelCol = table.column(settings, ClusterCommand.LABEL_COL, "");
    requireFree(ClusterCommand.CLUSTER_COL);
    requireFree(ClusterCommand.DISTANCE_COL);
    this.output = table.output(settings, ClusterCommand.OUTPUT);
  }

  /** A model that was to have {@code k} clusters, of which there may be too few that differ. */
  private record Trained(ClusterModel model, int k, ClusterReport.Chosen chosen, long trainedOn) {}

  void call() throws IOException {
    Dataset<Row> all = Features.of(table.rows(), table.vectorCol());
    spark.sparkContext().setJobDescription("Embark: cluster " + table.uri());
    long rows = table.rows().count();
    long vectors = all.count();
    out.println("Embark " + Main.version() + " groups:");
    out.printf("  table    %s: %,d rows%n", table.uri(), rows);
    out.printf("  vectors  %s: %s%n", table.vectorCol(), table.origin().essence());
    String algorithm = settings.get(ClusterCommand.ALGORITHM).label();
    String distance = settings.get(ClusterCommand.DISTANCE).label();
    out.printf("  with     %s, %s, seed %d%n", algorithm, distance, seed);
    if (vectors < 3) {
      throw new UserError(
          "input: %s has %d rows with a vector that is not zero; wanted are 3 or more."
              .formatted(table.uri(), vectors));
    }
    Trained trained = train(all, vectors);
    Path written = writeRows(trained.model, rows);
    ClusterReport report = report(trained, ExactFiles.parquet(spark, written), rows, vectors);
    int found = trained.model.clusters();
    if (found < trained.k) {
      out.printf("Found %d clusters for %d: there are no more that differ.%n", found, trained.k);
    }
    report.print(out);
    out.printf(
        "%nWrote %,d rows to %s, beside them model/, cluster.json and cluster.html%n",
        rows, written);
  }

  private Trained train(Dataset<Row> all, long vectors) {
    int iterations = settings.get(ClusterCommand.ITERATIONS);
    Clustering clustering =
        new Clustering(
            settings.get(ClusterCommand.ALGORITHM),
            settings.get(ClusterCommand.DISTANCE),
            new Algorithm.Training(seed, iterations, settings.get(ClusterCommand.STARTS)));
    Dataset<Row> features =
        sample(all, vectors, settings.get(ClusterCommand.TRAIN_ROWS), seed)
            .persist(StorageLevel.MEMORY_AND_DISK());
    try {
      long trainedOn = features.count();
      Dataset<Row> sample =
          sample(features, trainedOn, settings.get(ClusterCommand.CHOICE_ROWS), seed)
              .persist(StorageLevel.MEMORY_AND_DISK());
      long sampled = sample.count();
      Range range = settings.get(ClusterCommand.K).within(vectors, trainedOn, sampled);
      List<Clustering.Choice> choices =
          range.fixed() ? List.of() : clustering.choices(sample, range.least(), range.most());
      int k = range.fixed() ? range.least() : Clustering.best(choices).k();
      int elbow = range.fixed() ? 0 : Clustering.elbow(choices).k();
      if (labelCol != null) {
        Dataset<Row> labels =
            Features.of(table.rows(), table.vectorCol(), text(labelCol).as("label"));
        ClusterSummaries.requireClasses(labels, labelCol, k);
      }
      ClusterReport.printChoices(out, choices, k, elbow, sampled);
      ClusterModel model =
          clustering
              .fit(features, k, table.origin())
              .setInputCol(table.vectorCol())
              .setClusterCol(settings.get(ClusterCommand.CLUSTER_COL))
              .setDistanceCol(settings.get(ClusterCommand.DISTANCE_COL));
      // Of no more rows than clusters most would be alone in theirs, which have no silhouette.
      double silhouette = sampled > k ? clustering.silhouette(sample, model) : Double.NaN;
      sample.unpersist();
      ClusterReport.Chosen chosen =
          new ClusterReport.Chosen(
              model.clusters(),
              range.fixed() ? settings.origin(ClusterCommand.K) : "best silhouette",
              Double.isNaN(silhouette) ? null : silhouette,
              sampled,
              choices,
              elbow);
      return new Trained(model, k, chosen, trainedOn);
    } finally {
      features.unpersist();
    }
  }

  /** Writes the rows with their clusters, and the pipeline that gave them these. */
  private Path writeRows(ClusterModel model, long rows) throws IOException {
    PipelineModel pipeline =
        new Pipeline().setStages(new PipelineStage[] {model}).fit(table.rows());
    Path written = new Path(output, "rows");
    DataFrameWriter<Row> clustered =
        pipeline
            .transform(table.rows())
            .write()
            .mode(settings.get(SearchCommand.MODE).label())
            .format(VectorParquetFormat.NAME);
    Progress.during(spark.sparkContext(), () -> clustered.save(written.toString()));
    pipeline.write().overwrite().save(new Path(output, "model").toString());
    long found = ExactFiles.parquet(spark, written).count();
    if (found != rows) {
      throw new IllegalStateException(
          "%d rows were read and %d are in %s; these must be equal."
              .formatted(rows, found, written));
    }
    return written;
  }

  private ClusterReport report(Trained trained, Dataset<Row> clustered, long rows, long vectors)
      throws IOException {
    Dataset<Row> scored = scored(clustered, trained.model).persist(StorageLevel.MEMORY_AND_DISK());
    try {
      ClusterSummaries summaries = new ClusterSummaries(scored, settings);
      ClusterSummaries.Summed summed = summaries.clusters(rows, textCol != null);
      int clusters = trained.model.clusters();
      ClusterReport report =
          new ClusterReport(
              Main.version(),
              table.uri(),
              table.origin().essence(),
              settings.get(ClusterCommand.ALGORITHM).label(),
              settings.get(ClusterCommand.DISTANCE).label(),
              seed,
              trained.chosen,
              rows,
              rows - vectors,
              trained.trainedOn,
              labelCol == null ? null : summaries.agreement(labelCol, clusters),
              summed.duplicatesComplete(),
              summed.clusters());
      write("cluster.json", report.json());
      write("cluster.html", ClusterPage.of(report, map(clustered, rows)));
      return report;
    } finally {
      scored.unpersist();
    }
  }

  private void requireFree(Setting<String> setting) {
    String name = settings.get(setting);
    boolean twice =
        setting == ClusterCommand.DISTANCE_COL
            && name.equalsIgnoreCase(settings.get(ClusterCommand.CLUSTER_COL));
    if (twice || Stream.of(table.rows().columns()).anyMatch(name::equalsIgnoreCase)) {
      throw new UserError(
          "%s: there is a column '%s' already; name another with --%s."
              .formatted(setting.key(), name, setting.key()));
    }
  }

  /** Rows taken at random, the same ones each time, about as many as wanted. */
  static Dataset<Row> sample(Dataset<Row> rows, long count, int wanted, long seed) {
    return count <= wanted ? rows : rows.sample(false, (double) wanted / count, seed);
  }

  private Dataset<Row> scored(Dataset<Row> rows, ClusterModel model) {
    String own = Columns.free("own_", rows.columns());
    return model
        .copy(ParamMap.empty())
        .setClusterCol(own + "cluster")
        .setDistanceCol(own + "distance")
        .setSimilarityCol(own + "similarity")
        .transform(rows)
        .select(
            col(own + "cluster").as("cluster"),
            col(own + "distance").as("distance"),
            col(own + "similarity").as("similarity"),
            text(idCol).as("id"),
            substring(text(textCol), 1, TEXT_READ).as("text"),
            text(labelCol).as("label"));
  }

  private ClusterPage.Plane map(Dataset<Row> rows, long count) {
    int most = settings.get(ClusterCommand.MAP_ROWS);
    if (most == 0) {
      return ClusterPage.Plane.EMPTY;
    }
    return ClusterPage.Plane.of(
        sample(rows, count, most, seed)
            .select(
                Features.column(rows, table.vectorCol()).as("vector"),
                Columns.of(settings.get(ClusterCommand.CLUSTER_COL)).as("cluster"),
                substring(text(textCol), 1, TEXT_ON_MAP).as("text")));
  }

  private static Column text(String name) {
    return (name == null ? lit(null) : Columns.of(name)).cast(DataTypes.StringType);
  }

  private void write(String name, byte[] bytes) throws IOException {
    Path file = new Path(output, name);
    FileSystem files = file.getFileSystem(spark.sparkContext().hadoopConfiguration());
    try (OutputStream stream = files.create(file, true)) {
      stream.write(bytes);
    }
  }
}
