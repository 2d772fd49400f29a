package io.embark.cli.embed;

import io.embark.testing.LocalSpark;
import io.embark.testing.TinyModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.apache.iceberg.hadoop.HadoopFileIO;
import org.apache.iceberg.io.OutputFile;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.analysis.NoSuchTableException;
import org.apache.spark.sql.functions;

/**
 * A Hadoop catalog {@code lake} of Iceberg tables, one Spark session with it, and embed runs during
 * which others write.
 */
final class IcebergLake implements AutoCloseable {
  /** Done once an embed run has compared its input with the table. */
  Runnable onCompared = () -> {};

  final SparkSession spark;
  private final Path directory;
  private final Map<String, String> properties = new TreeMap<>();

  IcebergLake(Path directory) throws IOException {
    this.directory = directory;
    String catalog = "spark.sql.catalog.lake";
    properties.put(
        "spark.sql.extensions",
        "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions");
    properties.put(catalog, "org.apache.iceberg.spark.SparkCatalog");
    properties.put(catalog + ".type", "hadoop");
    properties.put(catalog + ".warehouse", directory.resolve("lake").toString());
    properties.put(catalog + ".io-impl", CommitHook.class.getName());
    LocalSpark.session().stop();
    properties.forEach(System::setProperty);
    spark = LocalSpark.session();
    TinyModels.graph().hiddenSize(4).writeDirectory(directory.resolve("tiny"));
  }

  /** The flags of a run on an input of JSON lines. */
  private List<String> flags(String table, String json, String... more) throws IOException {
    Path input = directory.resolve("in.jsonl");
    // By its time a file that is written anew is another input.
    if (!Files.exists(input) || !Files.readString(input).equals(json)) {
      Files.writeString(input, json);
    }
    List<String> flags = new ArrayList<>();
    flags.addAll(List.of("--model", directory.resolve("tiny").toString(), "--pooling", "mean"));
    flags.addAll(List.of("--input", input.toString(), "--id-col", "id"));
    flags.addAll(List.of("--table", table, "--mode", "incremental", "--output-type", "float"));
    flags.addAll(Arrays.asList(more));
    return flags;
  }

  /** What a run in this session prints. */
  String embed(String table, String json, String... more) throws Exception {
    return EmbedJob.run(spark, flags(table, json, more), onCompared);
  }

  /** A place in the catalog's warehouse. */
  Path location(String path) {
    return directory.resolve("lake").resolve(path);
  }

  /** A statement of somebody else, whose session has a catalog of its own. */
  List<Row> sql(String statement) {
    return spark.newSession().sql(statement).collectAsList();
  }

  /** Somebody else inserts a row of an id and a text. */
  void insert(String table, long id, String text) {
    SparkSession other = spark.newSession();
    Column[] columns =
        Stream.of(other.table(table).schema().fields())
            .map(
                field ->
                    functions
                        .lit(
                            field.name().equals("id")
                                ? (Object) id
                                : field.name().equals("text") ? text : null)
                        .cast(field.dataType())
                        .as(field.name()))
            .toArray(Column[]::new);
    try {
      other.range(1).select(columns).writeTo(table).append();
    } catch (NoSuchTableException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Leaves a lock whose owner, of this session's application, has not been heard of for long. */
  void lockOfTheDead(String table) throws IOException {
    Path locks =
        location(table.substring(table.indexOf('.') + 1).replace('.', '/'))
            .resolve("_embark/locks");
    Path lock = locks.resolve("00000999.json");
    Files.writeString(
        lock,
        """
        {"token": "late", "host": "far", "place": "another kernel", "pid": 7, "started": "",
         "application": "%s", "attempt": 0, "since": "then"}
        """
            .formatted(spark.sparkContext().applicationId()));
    Files.setLastModifiedTime(lock, FileTime.from(Instant.now().minus(Duration.ofHours(1))));
  }

  @Override
  public void close() {
    spark.stop();
    properties.keySet().forEach(System::clearProperty);
    CommitHook.ON_COMMIT.set(null);
  }

  /** Lets others in between what a commit was made from and the commit. */
  public static final class CommitHook extends HadoopFileIO {
    private static final long serialVersionUID = 1;

    /** Done once, by the next commit, unless it says otherwise. */
    static final AtomicReference<Runnable> ON_COMMIT = new AtomicReference<>();

    @Override
    public OutputFile newOutputFile(String path) {
      if (path.contains("/metadata/snap-")) {
        Runnable hook = ON_COMMIT.getAndSet(null);
        if (hook != null) {
          hook.run();
        }
      }
      return super.newOutputFile(path);
    }
  }
}
