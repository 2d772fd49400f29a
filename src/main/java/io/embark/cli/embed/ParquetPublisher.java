package io.embark.cli.embed;

import com.fasterxml.jackson.databind.JsonNode;
import io.embark.UserError;
import io.embark.cli.JobSettings;
import io.embark.cli.embed.EmbedSettings.SaveMode;
import io.embark.embed.Status;
import io.embark.input.TableFolder;
import io.embark.input.UniformParquet;
import io.embark.spark.TextEmbedder;
import io.embark.spark.VectorColumn;
import io.embark.spark.column.OutputType;
import io.embark.table.Changes;
import io.embark.table.Embark;
import io.embark.table.KeptMaps;
import io.embark.table.Receipt;
import io.embark.table.Snapshot;
import io.embark.table.Snapshot.DataFile;
import io.embark.table.StagedRun;
import io.embark.table.Staging;
import io.embark.table.TableDirectory;
import io.embark.table.TableLock;
import java.io.IOException;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;

/** Publishes to a directory of Parquet files that keeps snapshots of its own. */
final class ParquetPublisher implements Publisher {
  private static final String SAMPLE_OUTPUT = "embark-output/sample";

  private final SparkSession spark;
  private final TableDirectory table;
  private final SaveMode mode;
  private Request request;
  private Optional<Snapshot> base = Optional.empty();

  /** The number that the run will publish; taken by another run if the lock was lost. */
  private long version;

  /** Null where the whole input is embedded. */
  private IncrementalPlan incremental;

  ParquetPublisher(SparkSession spark, JobSettings settings) throws IOException {
    this.spark = spark;
    this.mode = EmbedPlan.mode(settings);
    Configuration hadoop = spark.sparkContext().hadoopConfiguration();
    String output = settings.get(EmbedSettings.OUTPUT, SAMPLE_OUTPUT);
    this.table = TableDirectory.at(JobSettings.path("output", output, hadoop), hadoop);
    TableFolder.requireNoOther("output", table.files(), table.path());
    // One that a run died in, or that this run may have made, is judged when that is known.
    if (!Staging.unfinishedPublication(table) && Receipt.newest(table) == 0) {
      requireMode();
    }
  }

  private void requireMode() throws IOException {
    if (mode == SaveMode.ERROR && table.holdsData()) {
      throw new UserError(
          "output: %s exists. Use another, or --mode overwrite, append or incremental."
              .formatted(table.path()));
    }
  }

  @Override
  public Path name() {
    return table.path();
  }

  @Override
  public void require(EmbedPlan plan) throws IOException {
    Configuration hadoop = spark.sparkContext().hadoopConfiguration();
    plan.input().requireOutside(table.path(), hadoop);
    if (mode == SaveMode.OVERWRITE) {
      new ReplacedOutput(table, hadoop).require(plan);
    }
  }

  @Override
  public TableDirectory open(EmbedPlan plan) {
    return table;
  }

  @Override
  public Optional<Earlier> recover(EmbedPlan plan, TableLock lock) throws IOException {
    request = Request.of(plan);
    for (Staging.Recovered recovered : Staging.recover(table, lock)) {
      Optional<Receipt> own = own(plan, recovered);
      if (own.isPresent()) {
        return Optional.of(new Earlier(own.get(), true));
      }
    }
    Optional<Receipt> done = request.carriedOut(table);
    if (done.isPresent() && isWhole()) {
      // Left where the run died when it was done with everything else.
      new Staging(table, lock, RunFacts.of(plan, done.get().snapshot() - 1)).clear();
      return Optional.of(new Earlier(done.get(), false));
    }
    requireMode();
    base = base();
    // Where records were lost, a number that was given to another version is not given again.
    version = Math.max(current(), Receipt.newest(table)) + 1;
    return Optional.empty();
  }

  /** The receipt of a version that was recovered, if it is that of this very command. */
  private Optional<Receipt> own(EmbedPlan plan, Staging.Recovered recovered) {
    Snapshot snapshot = recovered.snapshot();
    if (!recovered.receipts().isEmpty()) {
      return request.own(recovered.receipts());
    }
    // Begun by an Embark that wrote none.
    if (!Staging.key(RunFacts.of(plan, snapshot.id() - 1)).equals(snapshot.run())) {
      return Optional.empty();
    }
    JsonNode result = recovered.manifest().path("result");
    return Optional.of(
        new Receipt(
            null,
            null,
            snapshot.id(),
            snapshot.committed(),
            result.path("rows").asLong(),
            result.path(Status.FAILED.name()).asLong(),
            Map.of()));
  }

  /** Whether nobody took away files of the version that is there. */
  private boolean isWhole() throws IOException {
    return table.differences(table.current().orElseThrow()).isEmpty();
  }

  @Override
  public long current() throws IOException {
    return table.current().map(Snapshot::id).orElse(0L);
  }

  @Override
  public EmbedPlan settle(EmbedPlan plan, Optional<StagedRun> begun) throws IOException {
    TextEmbedder embedder = plan.embedder().copy(ParamMap.empty());
    List<String> post = new PostMaps(plan, table).settle(begun, base);
    if (!post.isEmpty()) {
      KeptMaps kept = new KeptMaps(table);
      embedder.setPost(post.stream().map(kept::of).map(Path::toString).toArray(String[]::new));
    }
    if (plan.settings().get(EmbedSettings.OUTPUT_TYPE) == OutputType.INT8) {
      setInt8Ranges(embedder, plan, begun);
    }
    StructType schema = embedder.transformSchema(plan.rows().schema());
    if (base.isPresent()) {
      schema = AppendCheck.require(plan, table.path(), base.get().structType(), schema);
    }
    return plan.on(schema, embedder, post);
  }

  /**
   * The version that the run builds on; none when there is nothing or all of it is replaced.
   * Parquet files that Embark has no records of are taken as they are.
   */
  private Optional<Snapshot> base() throws IOException {
    if (mode == SaveMode.ERROR || mode == SaveMode.OVERWRITE || !table.holdsData()) {
      return Optional.empty();
    }
    Optional<Snapshot> current = table.current();
    if (current.isEmpty() && Receipt.newest(table) > 0) {
      throw new UserError(
          ("output: %s holds files and receipts of commands that were published, but no record of a"
                  + " version: _embark/snapshots was removed, and nobody can tell which rows are"
                  + " there. Restore it from a backup, or use --mode overwrite.")
              .formatted(table.path()));
    }
    Snapshot found = current.isPresent() ? current.get() : adopted();
    List<String> differences = table.differences(found);
    if (!differences.isEmpty()) {
      throw new UserError(
          ("output: the files in %s are not those of its snapshot %d: %s. Somebody else changed it."
                  + " Put it right, or use --mode overwrite.")
              .formatted(table.path(), found.id(), String.join("; ", differences)));
    }
    return Optional.of(found);
  }

  private Snapshot adopted() throws IOException {
    Collection<FileStatus> visible = table.visible().values();
    for (FileStatus status : visible) {
      if (status.isDirectory()) {
        throw new UserError(
            "output: %s holds the folder %s; wanted Parquet files only. Use another output."
                .formatted(table.path(), status.getPath().getName()));
      }
    }
    UniformParquet found = UniformParquet.of(spark, visible);
    List<DataFile> files =
        visible.stream()
            .map(
                f ->
                    new DataFile(
                        f.getPath().getName(),
                        f.getLen(),
                        found.rows().get(f.getPath().toString()),
                        null))
            .toList();
    String schema = found.schema().json();
    return new Snapshot(Snapshot.FORMAT, 0, null, "found", null, schema, files);
  }

  /** Takes the ranges of the table, else those of the attempt that is resumed, else finds them. */
  private void setInt8Ranges(TextEmbedder embedder, EmbedPlan plan, Optional<StagedRun> begun) {
    base.flatMap(s -> VectorColumn.int8Ranges(s.structType(), plan.vectorColumns()))
        .or(() -> begun.map(StagedRun::int8Ranges))
        .ifPresentOrElse(
            embedder::setInt8Ranges,
            () ->
                embedder.calibrate(
                    plan.sample(plan.settings().get(EmbedSettings.CALIBRATION_ROWS))));
  }

  @Override
  public Work work(EmbedPlan plan) {
    if (mode == SaveMode.INCREMENTAL && base.isPresent()) {
      incremental = new IncrementalPlan(plan, table, base.get());
      Changes changes = incremental.changes;
      return new Work(
          changes.rowsToEmbed(plan.rows()),
          changes.toEmbed(),
          Optional.of(changes.inWords()),
          incremental.isEmpty());
    }
    if (mode == SaveMode.INCREMENTAL) {
      Changes.requireUniqueIds(plan.rows(), "the input", plan.idCol());
    }
    return new Work(plan.rows(), -1, Optional.empty(), false);
  }

  @Override
  public void publish(EmbedPlan plan, TableRun run, TableRun.Staged staged, TableLock lock)
      throws IOException {
    Map<String, Long> rowsOf = new TreeMap<>(staged.rowsOf());
    List<DataFile> kept = base.map(Snapshot::files).orElse(List.of());
    List<String> superseded =
        mode == SaveMode.OVERWRITE ? List.copyOf(table.visible().keySet()) : List.of();
    if (incremental != null) {
      rowsOf.putAll(run.rewrite(incremental));
      kept = incremental.kept;
      superseded = incremental.superseded.stream().map(DataFile::name).toList();
    }
    Staging staging = run.staging();
    Snapshot draft =
        new Snapshot(
            Snapshot.FORMAT,
            version,
            staging.key(),
            mode.label(),
            Instant.now().toString(),
            plan.schema().json(),
            kept,
            base.map(Snapshot::receiptsSince).orElse(version));
    Staging.RunRecord record =
        new Staging.RunRecord(
            RunManifest.fileName(spark, version),
            RunManifest.of(plan, staging.key(), version, staged),
            request.receipts(version, staged.summary()));
    staging.publish(draft, superseded, rowsOf, record);
    lock.requireHeld();
    new KeptMaps(table).retain(plan.post());
    table.keepSnapshots(plan.settings().get(EmbedSettings.KEEP_SNAPSHOTS));
  }

  @Override
  public Optional<Dataset<Row>> published() throws IOException {
    return Optional.of(Embark.read(spark, table, Embark.current(table)));
  }

  @Override
  public void close() {
    if (incremental != null) {
      incremental.close();
    }
  }
}
