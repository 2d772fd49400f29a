package io.embark.spark;

import io.embark.UserError;
import io.embark.embed.EmbedderConfig;
import io.embark.post.LinearVectorModel;
import io.embark.spark.column.ChunkColumns;
import io.embark.spark.column.Chunking;
import io.embark.spark.column.EmbedColumnTask;
import io.embark.spark.column.EmbeddingColumns;
import io.embark.spark.column.Int8Calibration;
import io.embark.spark.column.InternalRows;
import io.embark.spark.column.OutputType;
import io.embark.spark.column.PostStep;
import io.embark.spark.executor.CanaryWatch;
import io.embark.spark.executor.ModelFacts;
import io.embark.spark.metrics.EmbeddingMetrics;
import io.embark.spark.wire.Sent;
import io.embark.vector.Int8Ranges;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.DefaultParamsWritable;
import org.apache.spark.ml.util.Identifiable$;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;

/**
 * Embeds a column of texts: an ML {@code Transformer}, alone or as a stage of a {@code Pipeline}.
 *
 * <p>Input columns are kept. Added are the vector ({@code outputCol}) and an account of each text:
 * {@code token_count} (tokens of the whole text), {@code tokens_used} (tokens the model saw),
 * {@code truncated}, and {@code status}, which says why a row has no vector. A text that is null or
 * blank gets a null vector, never a made-up one; MLlib estimators want those rows filtered out
 * ({@code status = 'OK'}).
 *
 * <p>With {@code chunk} set, long texts are cut into chunks instead of being truncated: {@code
 * rows} gives a row per chunk, {@code document} a row per text with the chunks' vectors merged,
 * {@code both} gives both, a document's row behind those of its chunks. Nothing is shuffled, and a
 * text of any length takes bounded memory beside itself.
 *
 * <p>Params that are not set are taken from the model.
 */
public final class TextEmbedder extends EmbedderParams<TextEmbedder>
    implements DefaultParamsWritable {
  private static final long serialVersionUID = 1;

  private transient EmbeddingMetrics metrics;
  private transient ModelFacts pinned;
  private transient EmbedderConfig pinnedFor;
  private transient List<LinearVectorModel> maps;
  private transient String[] mapsFrom;

  public TextEmbedder() {
    this(Identifiable$.MODULE$.randomUID("textEmbedder"));
  }

  /** With a given identifier, as Spark needs it to copy and load stages. */
  public TextEmbedder(String uid) {
    super(uid);
  }

  /**
   * The names of the vector columns: {@code outputCol}, or with several poolings {@code
   * outputCol_mean} and so on.
   */
  public List<String> vectorColumns() {
    return columns().vectorNames(facts());
  }

  /**
   * Looks at the model now, and not again while the settings stay: for jobs, all of whose rows go
   * through one model.
   */
  public TextEmbedder pinModel() {
    pinnedFor = config();
    pinned = ModelFacts.of(pinnedFor);
    return this;
  }

  private ModelFacts facts() {
    EmbedderConfig config = config();
    return config.equals(pinnedFor) ? pinned : ModelFacts.of(config);
  }

  private EmbeddingColumns columns() {
    return new EmbeddingColumns(
        getOrDefault(outputCol()),
        getOrDefault(accountPrefix()),
        OutputType.of(getOrDefault(outputType())),
        ranges());
  }

  private List<Int8Ranges> ranges() {
    List<Int8Ranges> ranges = new ArrayList<>();
    double[][] pairs = isDefined(int8Ranges()) ? getOrDefault(int8Ranges()) : new double[0][];
    for (int i = 0; i + 1 < pairs.length; i += 2) {
      ranges.add(Int8Ranges.ofDoubles(pairs[i], pairs[i + 1]));
    }
    return ranges;
  }

  /**
   * Finds the ranges that output type int8 needs, by embedding a sample of some thousand rows, and
   * sets them. Ranges belong to a table, so this is done once and not per batch; values outside
   * them are clipped.
   *
   * @throws UserError if no text of the sample has a vector
   */
  public TextEmbedder calibrate(Dataset<?> sample) {
    TextEmbedder floats = copy(ParamMap.empty()).setOutputType(OutputType.FLOAT.label());
    return setInt8Ranges(
        Int8Calibration.pairs(
            Int8Calibration.ranges(floats.transform(sample), floats.vectorColumns())));
  }

  /**
   * The schema with the added columns. Opens the model, so that whatever is wrong with it or with
   * the settings shows before the first row.
   *
   * @throws UserError if a column, a setting or the model is not as it must be
   */
  @Override
  public StructType transformSchema(StructType schema) {
    int textIndex = textIndex(schema);
    ModelFacts facts = facts();
    Optional<PostStep> post = postStep(facts);
    StructType embedded = columns().addTo(schema, post.map(p -> p.after(facts)).orElse(facts));
    if (post.isPresent()) {
      embedded = post.get().describe(embedded, columns().vectorNames(facts));
    }
    Chunking chunking = Chunking.of(this);
    if (chunking.isOff()) {
      return embedded;
    }
    chunking.require(facts.config());
    ChunkColumns added = chunkColumns(chunking, textIndex);
    return added.describe(added.addTo(embedded), facts);
  }

  /** The maps that vectors go through after the model, if any; their files are read once. */
  private synchronized Optional<PostStep> postStep(ModelFacts facts) {
    if (!isDefined(post())) {
      return Optional.empty();
    }
    String[] paths = getOrDefault(post());
    if (maps == null || !Arrays.equals(paths, mapsFrom)) {
      maps = Arrays.stream(paths).map(LinearVectorModel::load).toList();
      mapsFrom = paths.clone();
    }
    return Optional.of(PostStep.of(maps, facts));
  }

  private ChunkColumns chunkColumns(Chunking chunking, int textIndex) {
    return new ChunkColumns(getOrDefault(accountPrefix()), chunking, textIndex);
  }

  @Override
  public Dataset<Row> transform(Dataset<?> dataset) {
    StructType schema = transformSchema(dataset.schema());
    int textIndex = textIndex(dataset.schema());
    ModelFacts described = facts();
    Optional<PostStep> post = postStep(described);
    ModelFacts facts = post.isEmpty() ? described : ModelFacts.of(PostStep.before(config()));
    SparkContext context = dataset.sparkSession().sparkContext();
    CanaryWatch.on(context);
    EmbedColumnTask embed =
        new EmbedColumnTask(
            facts.config(),
            facts.canary(),
            textIndex,
            columns(),
            facts.vectorNames().size(),
            post.map(p -> Sent.of(new JavaSparkContext(context), p)).orElse(null),
            metrics(dataset.sparkSession()).ofNextCall());
    Chunking chunking = Chunking.of(this);
    return InternalRows.mapPartitions(
        dataset.toDF(),
        schema,
        chunking.isOff()
            ? embed
            : embed.onDocuments(chunkColumns(chunking, textIndex), dataset.schema()));
  }

  /** Counters over everything this embedder has transformed. */
  public synchronized EmbeddingMetrics metrics(SparkSession session) {
    if (metrics == null) {
      metrics = new EmbeddingMetrics(session.sparkContext());
    }
    return metrics;
  }

  @Override
  public TextEmbedder copy(ParamMap extra) {
    TextEmbedder copy = defaultCopy(extra);
    copy.pinned = pinned;
    copy.pinnedFor = pinnedFor;
    return copy;
  }

  public static MLReader<TextEmbedder> read() {
    return new DefaultParamsReader<>();
  }

  public static TextEmbedder load(String path) {
    return read().load(path);
  }
}
