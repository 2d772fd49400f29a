package io.embark.analysis.compare;

import static org.apache.spark.sql.functions.col;

import io.embark.UserError;
import io.embark.embed.EmbedderConfig;
import io.embark.embed.Setting;
import io.embark.pooling.Layers;
import io.embark.pooling.Norm;
import io.embark.pooling.Pooling;
import io.embark.spark.TextEmbedder;
import io.embark.spark.executor.ModelFacts;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * One pass of the model over texts, which gives the vectors to compare: those asked for, or of
 * every pooling that the model allows.
 *
 * @param own name of the vector that the model itself wants, if it is one of them
 * @param scaled whether vectors are scaled as the model or the user wants
 */
public record EmbeddingPass(ModelFacts facts, Optional<String> own, boolean scaled) {
  /**
   * Opens the model on the driver; notes what was left out.
   *
   * @throws UserError if model and settings do not go together
   */
  public static EmbeddingPass of(EmbedderConfig config, List<String> notes) {
    if (config.isSet(Setting.CONCAT) && config.get(Setting.CONCAT)) {
      throw new UserError(
          "concat: poolings that are joined into one vector leave nothing to compare. Leave it"
              + " out.");
    }
    EmbedderConfig separate = config.toBuilder().concat(false).build();
    ModelFacts facts =
        config.isSet(Setting.POOLING) ? ModelFacts.of(separate) : everyPooling(separate, notes);
    return new EmbeddingPass(facts, own(config, facts), true);
  }

  /** Every pooling of token states, and what the model gives beside these. */
  private static ModelFacts everyPooling(EmbedderConfig config, List<String> notes) {
    UserError withoutPooler = null;
    for (Set<Pooling> missing :
        List.of(
            EnumSet.noneOf(Pooling.class),
            EnumSet.of(Pooling.SENTENCE_EMBEDDING),
            EnumSet.of(Pooling.POOLER))) {
      try {
        ModelFacts facts = ModelFacts.of(with(config, missing));
        if (missing.contains(Pooling.POOLER)) {
          notes.add("pooler left out: " + withoutPooler.getMessage());
        }
        return facts;
      } catch (UserError e) {
        withoutPooler = missing.contains(Pooling.POOLER) ? withoutPooler : e;
      }
    }
    // Anything else that is wrong is said here.
    ModelFacts facts =
        ModelFacts.of(with(config, EnumSet.of(Pooling.POOLER, Pooling.SENTENCE_EMBEDDING)));
    notes.add("pooler left out: " + withoutPooler.getMessage());
    return facts;
  }

  private static EmbedderConfig with(EmbedderConfig config, Set<Pooling> missing) {
    Set<Pooling> rest = EnumSet.allOf(Pooling.class);
    rest.removeAll(missing);
    return config.toBuilder().pooling(rest.toArray(Pooling[]::new)).build();
  }

  /** The vector that {@code embed} would make without being told how to pool. */
  private static Optional<String> own(EmbedderConfig config, ModelFacts facts) {
    EmbedderConfig open = config.toBuilder().unset(Setting.POOLING).unset(Setting.LAYERS).build();
    try {
      String name = String.join("_", ModelFacts.of(open).vectorNames());
      String amongLayers = name + "_minus1";
      return facts.vectorNames().stream()
          .filter(vector -> vector.equals(name) || vector.equals(amongLayers))
          .filter(vector -> !vector.equals(name) || isOfLastLayer(facts, vector))
          .findFirst();
    } catch (UserError e) {
      // A model that wants a pooling Embark does not know.
      return Optional.empty();
    }
  }

  private static boolean isOfLastLayer(ModelFacts facts, String vector) {
    return vector.equals(Pooling.POOLER.label())
        || vector.equals(Pooling.SENTENCE_EMBEDDING.label())
        || facts.config().get(Setting.LAYERS).stream().allMatch(Layers::isLast);
  }

  /** The same vectors, not scaled. */
  public EmbeddingPass unscaled() {
    return new EmbeddingPass(facts, own, false);
  }

  /**
   * One of the vectors that a forward pass gives for each text: a pooling over a choice of layers.
   *
   * @param name such as {@code mean} or {@code cls_minus2}
   */
  public record Candidate(String name, int dimension) implements Serializable {
    /** The column of its vectors in a table of texts. */
    String column() {
      return column("v");
    }

    /** The column of its vectors of one side ({@code a}, {@code b}) of a table of pairs. */
    String column(String side) {
      return side + "_" + name;
    }
  }

  public List<Candidate> candidates() {
    return IntStream.range(0, facts.vectorNames().size())
        .mapToObj(i -> new Candidate(facts.vectorNames().get(i), facts.dimensions().get(i)))
        .toList();
  }

  /** Embeds the column {@code side_text}; what it adds starts with {@code side_}. */
  private TextEmbedder embedder(String side) {
    EmbedderConfig config = facts.config();
    return new TextEmbedder()
        .setConfig(scaled ? config : config.toBuilder().normalize(Norm.NONE).build())
        .setInputCol(side + "_text")
        .setOutputCol(side)
        .setAccountPrefix(side + "_");
  }

  /** The vectors that {@link #embedder} added, under the names of {@link Candidate#column}. */
  private List<Column> vectors(String side) {
    List<String> made = embedder(side).vectorColumns();
    List<Candidate> candidates = candidates();
    return IntStream.range(0, made.size())
        .mapToObj(i -> col(made.get(i)).as(candidates.get(i).column(side)))
        .toList();
  }

  /**
   * @param rows {@code row bigint}, {@code v_text string} and perhaps {@code label}
   * @return {@code row}, {@code text}, {@code label} if there is one, a column of vectors for each
   *     candidate, and {@code whole boolean}: whether the row has them all
   */
  public Dataset<Row> overTexts(Dataset<Row> rows) {
    List<Column> columns = new ArrayList<>(List.of(col("row"), col("v_text").as("text")));
    if (List.of(rows.columns()).contains("label")) {
      columns.add(col("label"));
    }
    columns.addAll(vectors("v"));
    columns.add(col("v_status").equalTo("OK").as("whole"));
    return embedder("v").transform(rows).select(columns.toArray(Column[]::new));
  }

  /**
   * @param rows {@code pair bigint}, {@code score double}, {@code a_text} and {@code b_text}
   * @return these, columns of vectors for each side and candidate, and {@code whole boolean}
   */
  public Dataset<Row> overPairs(Dataset<Row> rows) {
    List<Column> columns =
        new ArrayList<>(List.of(col("pair"), col("score"), col("a_text"), col("b_text")));
    columns.addAll(vectors("a"));
    columns.addAll(vectors("b"));
    columns.add(col("a_status").equalTo("OK").and(col("b_status").equalTo("OK")).as("whole"));
    return embedder("b")
        .transform(embedder("a").transform(rows))
        .select(columns.toArray(Column[]::new));
  }

  /** The texts of one side of {@link #overPairs}, with the columns of {@link #overTexts}. */
  public Dataset<Row> side(Dataset<Row> pairs, String side) {
    List<Column> columns = new ArrayList<>(List.of(col(side + "_text").as("text")));
    for (Candidate candidate : candidates()) {
      columns.add(col(candidate.column(side)).as(candidate.column()));
    }
    return pairs.select(columns.toArray(Column[]::new));
  }

  /** The rows of a kept table that have all their vectors; notes how many do not. */
  public static Dataset<Row> whole(Dataset<Row> embedded, String what, List<String> notes) {
    long all = embedded.count();
    Dataset<Row> whole = embedded.where("whole").drop("whole");
    long left = all - whole.count();
    if (left > 0) {
      notes.add("%d of %d %s left out: a text is null, blank or failed".formatted(left, all, what));
    }
    return whole;
  }
}
