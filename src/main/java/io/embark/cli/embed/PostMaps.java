package io.embark.cli.embed;

import io.embark.UserError;
import io.embark.cli.JobSettings;
import io.embark.embed.Setting;
import io.embark.input.TableRows;
import io.embark.post.LinearVectorModel;
import io.embark.post.PostChoice;
import io.embark.spark.TextEmbedder;
import io.embark.spark.column.ColumnProvenance;
import io.embark.spark.column.Columns;
import io.embark.spark.column.OutputType;
import io.embark.spark.executor.ModelFacts;
import io.embark.table.KeptMaps;
import io.embark.table.Snapshot;
import io.embark.table.StagedRun;
import io.embark.table.TableDirectory;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.storage.StorageLevel;

/**
 * The maps that {@code --post} puts behind the model, one for each vector column. They belong to a
 * table: they are taken from the table, else from the attempt that is resumed, else from where they
 * were fitted, or fitted.
 */
record PostMaps(EmbedPlan plan, TableDirectory table) {

  /** Refuses what can be seen to be wrong before anything is embedded. */
  static void require(JobSettings settings, ModelFacts facts) {
    PostChoice choice = settings.get(EmbedSettings.POST);
    if (choice.isNone()) {
      if (settings.isSet(EmbedSettings.POST_ROWS)) {
        throw new UserError(
            "post-rows: set, but post is none, so that nothing is fitted; say what with --post.");
      }
      return;
    }
    if (settings.isSet(EmbedSettings.TABLE)) {
      throw new UserError(
          "post: the fitted map is kept in an output directory, and --table has none. Write to"
              + " --output, or leave --post out.");
    }
    if (facts.config().get(Setting.TOKEN_STATES)) {
      throw new UserError(
          "post: token-states keeps states to be pooled later, and what is pooled of them then"
              + " would not go through the map. Leave one of them out.");
    }
    facts.dimensions().forEach(choice::require);
  }

  /**
   * The fingerprints of the maps, one for each vector column; none if nothing is wanted.
   *
   * @param begun the attempt that is gone on with
   * @param base the version of the table that the run builds on
   */
  List<String> settle(Optional<StagedRun> begun, Optional<Snapshot> base) throws IOException {
    PostChoice choice = plan.settings().get(EmbedSettings.POST);
    if (choice.isNone()) {
      return List.of();
    }
    KeptMaps kept = new KeptMaps(table);
    List<String> fingerprints;
    if (base.isPresent()) {
      fingerprints = ofTable(base.get().structType(), choice, table.path());
    } else if (begun.isPresent() && begun.get().post() != null) {
      fingerprints = begun.get().post();
    } else {
      List<LinearVectorModel> maps = choice.path() == null ? fit(choice) : earlier(choice.path());
      for (LinearVectorModel map : maps) {
        kept.keep(map);
      }
      fingerprints = fingerprints(maps);
    }
    for (String fingerprint : fingerprints) {
      if (!kept.holds(fingerprint)) {
        throw new UserError(
            "post: the map that the table's vectors went through is not at %s any more. Put it back, or write the table anew with --mode overwrite."
                .formatted(kept.of(fingerprint)));
      }
    }
    return fingerprints;
  }

  private static List<String> fingerprints(List<LinearVectorModel> maps) {
    return maps.stream().map(LinearVectorModel::fingerprint).toList();
  }

  /** The maps that a table's vectors went through, which must be the wanted ones. */
  private List<String> ofTable(StructType schema, PostChoice choice, Path path) throws IOException {
    List<String> wanted = choice.path() == null ? List.of() : fingerprints(earlier(choice.path()));
    List<String> fingerprints = new ArrayList<>();
    for (String column : plan.vectorColumns()) {
      String fingerprint = fingerprint(schema, column);
      if (fingerprint.isEmpty()) {
        boolean there = ColumnProvenance.columns(schema).contains(column);
        throw new UserError(
            "post: %s has %s; this run says %s. Leave --post out, or use another output."
                .formatted(
                    path,
                    (there ? "a column '%s' without it" : "no column '%s'").formatted(column),
                    choice));
      }
      String post = ColumnProvenance.of(schema, column).post();
      if (wanted.isEmpty() && !post.equals(choice.toString())) {
        throw new UserError(
            "post: column '%s' of %s went through %s, this run says %s. Use the same, or another output."
                .formatted(column, path, post, choice));
      }
      fingerprints.add(fingerprint);
    }
    if (!wanted.isEmpty() && !wanted.equals(fingerprints)) {
      throw new UserError(
          "post: the vectors of %s went through other maps (SHA-256 %s) than those at %s (%s). Use the table's own, or another output."
              .formatted(
                  path, String.join(", ", fingerprints), choice.path(), String.join(", ", wanted)));
    }
    return fingerprints;
  }

  /** Maps fitted before: one, or those of a table. */
  private List<LinearVectorModel> earlier(String path) throws IOException {
    var hadoop = plan.spark().sparkContext().hadoopConfiguration();
    TableDirectory other = TableDirectory.at(JobSettings.path("post", path, hadoop), hadoop);
    if (other.files().exists(new Path(path, "metadata"))) {
      return List.of(LinearVectorModel.load(path));
    }
    if (!other.files().exists(new Path(path))) {
      throw new UserError("post: nothing at %s.".formatted(path));
    }
    if (other.current().isEmpty()
        && other.visible().keySet().stream().noneMatch(f -> f.endsWith(".parquet"))) {
      throw new UserError(
          "post: %s is neither a saved map nor a table that embed wrote.".formatted(path));
    }
    StructType schema = TableRows.read(plan.spark(), "post", other.path()).schema();
    KeptMaps kept = new KeptMaps(other);
    List<LinearVectorModel> maps = new ArrayList<>();
    for (String column : plan.vectorColumns()) {
      String fingerprint = fingerprint(schema, column);
      if (fingerprint.isEmpty() || !kept.holds(fingerprint)) {
        throw new UserError(
            "post: column '%s' of the table %s has no fitted map with it.".formatted(column, path));
      }
      maps.add(LinearVectorModel.load(kept.of(fingerprint).toString()));
    }
    return maps;
  }

  /** Of the map that a column's vectors went through; empty if there is no such column or map. */
  private static String fingerprint(StructType schema, String column) {
    return ColumnProvenance.columns(schema).contains(column)
        ? ColumnProvenance.of(schema, column).postFingerprint()
        : "";
  }

  /** One map for each vector column, all on the same rows, which are embedded once. */
  private List<LinearVectorModel> fit(PostChoice choice) {
    // Before scaling: what the maps will be given.
    TextEmbedder raw =
        plan.embedder()
            .copy(ParamMap.empty())
            .setNormalize("none")
            .setOutputType(OutputType.VECTOR.label());
    List<String> columns = plan.vectorColumns();
    Dataset<Row> vectors =
        raw.transform(plan.sample(plan.settings().get(EmbedSettings.POST_ROWS)))
            .select(columns.stream().map(Columns::of).toArray(Column[]::new))
            .persist(StorageLevel.MEMORY_AND_DISK());
    try {
      Progress.during(plan.spark().sparkContext(), vectors::count);
      return columns.stream().map(column -> choice.fit(vectors, column)).toList();
    } finally {
      vectors.unpersist();
    }
  }
}
