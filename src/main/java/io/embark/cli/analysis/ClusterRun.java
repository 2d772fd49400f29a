package io.embark.cli.analysis;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.substring;

import io.embark.UserError;
import io.embark.analysis.cluster.Algorithm;
import io.embark.analysis.cluster.ClusterModel;
import io.embark.analysis.cluster.Clustering;
import io.embark.analysis.cluster.Features;
import io.embark.cli.JobSettings;
import io.embark.cli.Version;
import io.embark.cli.analysis.ClusterSettings.Range;
import io.embark.cli.embed.EmbedSettings;
import io.embark.cli.embed.Progress;
import io.embark.embed.Setting;
import io.embark.spark.column.Columns;
import io.embark.spark.parquet.VectorParquetFormat;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
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
  private final PrintWriter out;
  private final int seed;

  ClusterRun(SparkSession spark, JobSettings settings, PrintWriter out) {
    this.spark = spark;
    this.settings = settings;
    this.out = out;
    this.seed = settings.get(ClusterSettings.SEED);
  }

  void call() throws IOException {
    EmbeddedTable table =
        EmbeddedTable.open(
            spark,
            settings.get(ClusterSettings.INPUT),
            settings.get(SearchSettings.VECTOR_COL, null));
    String textCol = table.column(settings, EmbedSettings.TEXT_COL, "text");
    String idCol = table.column(settings, EmbedSettings.ID_COL, "id");
    String labelCol = table.column(settings, ClusterSettings.LABEL_COL, "");
    requireFree(table, ClusterSettings.CLUSTER_COL);
    requireFree(table, ClusterSettings.DISTANCE_COL);
    Path output = output();

    Dataset<Row> all = Features.of(table.rows(), table.vectorCol());
    spark.sparkContext().setJobDescription("Embark: cluster " + table.uri());
    long rows = table.rows().count();
    long vectors = all.count();
    out.println("Embark " + Version.of() + " groups:");
    out.printf(Locale.ROOT, "  table    %s: %,d rows%n", table.uri(), rows);
    out.printf("  vectors  %s: %s%n", table.vectorCol(), table.origin().essence());
    out.printf(
        "  with     %s, %s, seed %d%n",
        settings.get(ClusterSettings.ALGORITHM).label(),
        settings.get(ClusterSettings.DISTANCE).label(),
        seed);
    out.flush();
    if (vectors < 3) {
      throw new UserError(
          "input: %s has %d rows with a vector that is not zero; wanted are 3 or more."
              .formatted(table.uri(), vectors));
    }
    Dataset<Row> features =
        sample(all, vectors, settings.get(ClusterSettings.TRAIN_ROWS), seed)
            .persist(StorageLevel.MEMORY_AND_DISK());
    try {
      cluster(table, output, features, rows, vectors, textCol, idCol, labelCol);
    } finally {
      features.unpersist();
    }
    out.flush();
  }

  private void cluster(
      EmbeddedTable table,
      Path output,
      Dataset<Row> features,
      long rows,
      long vectors,
      String textCol,
      String idCol,
      String labelCol)
      throws IOException {
    Clustering clustering =
        new Clustering(
            settings.get(ClusterSettings.ALGORITHM),
            settings.get(ClusterSettings.DISTANCE),
            new Algorithm.Training(
                seed,
                settings.get(ClusterSettings.ITERATIONS),
                settings.get(ClusterSettings.STARTS)));
    long trainedOn = features.count();
    Dataset<Row> sample =
        sample(features, trainedOn, settings.get(ClusterSettings.CHOICE_ROWS), seed)
            .persist(StorageLevel.MEMORY_AND_DISK());
    long sampled = sample.count();
    Range range = settings.get(ClusterSettings.K).within(vectors, trainedOn, sampled);
    List<Clustering.Choice> choices =
        range.fixed() ? List.of() : clustering.choices(sample, range.least(), range.most());
    int k = range.fixed() ? range.least() : Clustering.best(choices).k();
    int elbow = range.fixed() ? 0 : Clustering.elbow(choices).k();
    if (labelCol != null) {
      Column label = text(labelCol).as("label");
      ClusterSummaries.requireClasses(
          Features.of(table.rows(), table.vectorCol(), label), labelCol, k);
    }
    ClusterTable.printChoices(out, choices, k, elbow, sampled);

    ClusterModel model =
        clustering
            .fit(features, k, table.origin())
            .setInputCol(table.vectorCol())
            .setClusterCol(settings.get(ClusterSettings.CLUSTER_COL))
            .setDistanceCol(settings.get(ClusterSettings.DISTANCE_COL));
    // Of no more rows than clusters most would be alone in theirs, which have no silhouette.
    double silhouette = sampled > k ? clustering.silhouette(sample, model) : Double.NaN;
    sample.unpersist();
    PipelineModel pipeline =
        new Pipeline().setStages(new PipelineStage[] {model}).fit(table.rows());
    Path written = new Path(output, "rows");
    Dataset<Row> clustered = pipeline.transform(table.rows());
    Runnable write =
        () ->
            clustered
                .write()
                .mode(settings.get(SearchSettings.MODE))
                .format(VectorParquetFormat.NAME)
                .save(written.toString());
    Progress.during(spark.sparkContext(), write);
    pipeline.write().overwrite().save(new Path(output, "model").toString());

    Dataset<Row> again = spark.read().parquet(written.toString());
    long found = again.count();
    if (found != rows) {
      throw new IllegalStateException(
          "%d rows were read and %d are in %s; these must be equal."
              .formatted(rows, found, written));
    }
    Dataset<Row> scored = scored(again, model, textCol, idCol, labelCol);
    scored.persist(StorageLevel.MEMORY_AND_DISK());
    ClusterSummaries summaries = new ClusterSummaries(scored, settings);
    ClusterSummaries.Summed summed = summaries.clusters(rows, textCol != null);
    ClusterReport report =
        new ClusterReport(
            Version.of(),
            table.uri(),
            table.origin().essence(),
            settings.get(ClusterSettings.ALGORITHM).label(),
            settings.get(ClusterSettings.DISTANCE).label(),
            seed,
            model.clusters(),
            range.fixed() ? settings.origin(ClusterSettings.K) : "best silhouette",
            Double.isNaN(silhouette) ? null : silhouette,
            sampled,
            choices,
            elbow,
            rows,
            rows - vectors,
            trainedOn,
            labelCol == null ? null : summaries.agreement(labelCol, model.clusters()),
            summed.duplicatesComplete(),
            summed.clusters());
    write(new Path(output, "cluster.json"), report.json());
    write(
        new Path(output, "cluster.html"), ClusterPage.of(report, map(again, table, textCol, rows)));
    scored.unpersist();
    if (model.clusters() < k) {
      out.printf("Found %d clusters for %d: there are no more that differ.%n", model.clusters(), k);
    }
    ClusterTable.print(out, report);
    out.printf(
        Locale.ROOT,
        "%nWrote %,d rows to %s, beside them model/, cluster.json and cluster.html%n",
        rows,
        written);
  }

  private void requireFree(EmbeddedTable table, Setting<String> setting) {
    String name = settings.get(setting);
    String other = settings.get(ClusterSettings.CLUSTER_COL);
    boolean twice = setting == ClusterSettings.DISTANCE_COL && name.equalsIgnoreCase(other);
    if (twice || Stream.of(table.rows().columns()).anyMatch(name::equalsIgnoreCase)) {
      throw new UserError(
          "%s: there is a column '%s' already; name another with --%s."
              .formatted(setting.key(), name, setting.key()));
    }
  }

  /** Where to write, made free. */
  private Path output() throws IOException {
    Path output = settings.path(ClusterSettings.OUTPUT);
    FileSystem files = output.getFileSystem(spark.sparkContext().hadoopConfiguration());
    output = files.makeQualified(output);
    SaveMode mode = settings.get(SearchSettings.MODE);
    if (mode == SaveMode.ErrorIfExists && files.exists(output)) {
      throw new UserError("output: %s exists. Use another, or --mode overwrite.".formatted(output));
    }
    Path input = files.makeQualified(settings.path(ClusterSettings.INPUT));
    if ((input + "/").startsWith(output + "/") || (output + "/").startsWith(input + "/")) {
      throw new UserError(
          "output: %s and the table %s lie in each other. Write somewhere else."
              .formatted(output, input));
    }
    return output;
  }

  /** Rows taken at random, the same ones each time, about as many as wanted. */
  static Dataset<Row> sample(Dataset<Row> rows, long count, int wanted, long seed) {
    return count <= wanted ? rows : rows.sample(false, (double) wanted / count, seed);
  }

  private Dataset<Row> scored(
      Dataset<Row> rows, ClusterModel model, String textCol, String idCol, String labelCol) {
    ClusterModel again =
        model
            .copy(ParamMap.empty())
            .setClusterCol("embark_cluster")
            .setDistanceCol("embark_distance")
            .setSimilarityCol("embark_similarity");
    return again
        .transform(rows)
        .select(
            col("embark_cluster").as("cluster"),
            col("embark_distance").as("distance"),
            col("embark_similarity").as("similarity"),
            text(idCol).as("id"),
            substring(text(textCol), 1, TEXT_READ).as("text"),
            text(labelCol).as("label"));
  }

  private ClusterMap map(Dataset<Row> rows, EmbeddedTable table, String textCol, long count) {
    int most = settings.get(ClusterSettings.MAP_ROWS);
    if (most == 0) {
      return new ClusterMap(0, List.of());
    }
    return ClusterMap.of(
        sample(rows, count, most, seed)
            .select(
                Features.column(rows, table.vectorCol()).as("vector"),
                Columns.of(settings.get(ClusterSettings.CLUSTER_COL)).as("cluster"),
                substring(text(textCol), 1, TEXT_ON_MAP).as("text")));
  }

  private static Column text(String name) {
    return name == null
        ? lit(null).cast(DataTypes.StringType)
        : Columns.of(name).cast(DataTypes.StringType);
  }

  private void write(Path file, byte[] bytes) throws IOException {
    FileSystem files = file.getFileSystem(spark.sparkContext().hadoopConfiguration());
    try (OutputStream stream = files.create(file, true)) {
      stream.write(bytes);
    }
  }
}
