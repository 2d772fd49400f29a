package io.embark.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.embark.embed.VectorProvenance;
import io.embark.pooling.Pooling;
import io.embark.spark.column.OutputType;
import io.embark.testing.Goldens;
import io.embark.testing.LocalSpark;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.clustering.KMeans;
import org.apache.spark.ml.feature.SQLTransformer;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.Metadata;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TextEmbedderTest {
  private static final float ALONE_TOLERANCE = 1e-5f;

  private static TextEmbedder minilm() {
    return new TextEmbedder().setModel("builtin:all-MiniLM-L6-v2").setDevice("cpu");
  }

  private static Map<Long, Row> byId(Dataset<Row> rows) {
    Map<Long, Row> byId = new HashMap<>();
    for (Row row : rows.collectAsList()) {
      assertThat(byId.put(row.<Long>getAs("id"), row)).as("id twice").isNull();
    }
    return byId;
  }

  private static double[] vector(Row row) {
    return row.<Vector>getAs("embedding").toArray();
  }

  @ParameterizedTest
  @EnumSource(value = Pooling.class, mode = EnumSource.Mode.EXCLUDE, names = "SENTENCE_EMBEDDING")
  void vectorsEqualTheReference(Pooling pooling) {
    for (int maxLength : new int[] {128, 512}) {
      List<Goldens> goldens =
          Goldens.all().stream().filter(g -> g.maxLength() == maxLength).toList();
      Dataset<Row> out =
          minilm()
              .setPooling(pooling.label())
              .setNormalize("none")
              .setMaxLength(maxLength)
              .transform(LocalSpark.texts(2, goldens.stream().map(Goldens::text).toList()));
      Map<Long, Row> rows = byId(out);
      assertThat(rows).hasSize(goldens.size());
      for (int i = 0; i < goldens.size(); i++) {
        Row row = rows.get((long) i);
        Goldens golden = goldens.get(i);
        if (golden.inputIds().length == 2) {
          assertThat(row.<String>getAs("status")).isEqualTo("BLANK_TEXT");
          assertThat(row.<Object>getAs("embedding")).isNull();
          continue;
        }
        assertThat(row.<String>getAs("status")).isEqualTo("OK");
        assertThat(row.<Integer>getAs("tokens_used")).isEqualTo(golden.inputIds().length);
        double[] found = vector(row);
        float[] wanted = golden.vectors().get(pooling);
        for (int h = 0; h < wanted.length; h++) {
          assertThat(found[h])
              .as("%s of '%s', dimension %d", pooling, golden.text(), h)
              .isCloseTo(wanted[h], within((double) Goldens.tolerance(pooling)));
        }
      }
    }
  }

  private static List<String> mixedTexts(int count, long seed) {
    Random random = new Random(seed);
    String[] words = "the a card bank money lost transfer why how country of people and".split(" ");
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      StringBuilder text = new StringBuilder();
      int length = 1 + random.nextInt(random.nextInt(10) == 0 ? 120 : 15);
      for (int w = 0; w < length; w++) {
        text.append(words[random.nextInt(words.length)]).append(w % 7 == 6 ? ", " : " ");
      }
      texts.add(text + "" + i);
    }
    return texts;
  }

  @Test
  void textAloneEqualsTextInBatch() {
    List<String> texts = mixedTexts(40, 1);
    Map<Long, Row> together = byId(minilm().transform(LocalSpark.texts(1, texts)));
    Map<Long, Row> alone = byId(minilm().setTokenBudget(1).transform(LocalSpark.texts(2, texts)));
    for (long id = 0; id < texts.size(); id++) {
      assertThat(vector(together.get(id)))
          .containsExactly(vector(alone.get(id)), within((double) ALONE_TOLERANCE));
    }
  }

  @Test
  void permutedRowsGivePermutedVectors() {
    List<String> texts = mixedTexts(60, 2);
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < texts.size(); i++) {
      order.add(i);
    }
    Collections.shuffle(order, new Random(3));
    Map<Long, Row> straight = byId(minilm().transform(LocalSpark.texts(2, texts)));
    Map<Long, Row> permuted =
        byId(minilm().transform(LocalSpark.texts(2, order.stream().map(texts::get).toList())));
    for (int i = 0; i < order.size(); i++) {
      assertThat(vector(permuted.get((long) i)))
          .containsExactly(
              vector(straight.get(order.get(i).longValue())), within((double) ALONE_TOLERANCE));
    }
  }

  @Test
  void everyRowComesOutOnceWithItsOwnVector() {
    List<String> texts = mixedTexts(300, 4);
    texts.set(7, null);
    texts.set(150, "");
    texts.set(151, " \t\u00a0\u3000");
    texts.set(152, "\u200b\u0007");
    texts.set(299, null);
    Dataset<Row> in = LocalSpark.texts(3, texts);
    Map<Long, Row> rows = byId(minilm().setBufferRows(32).transform(in));
    assertThat(rows).hasSize(texts.size());
    for (int i = 0; i < texts.size(); i++) {
      Row row = rows.get((long) i);
      String text = texts.get(i);
      assertThat(row.<String>getAs("text")).isEqualTo(text);
      String wanted = text == null ? "NULL_TEXT" : i >= 150 && i <= 152 ? "BLANK_TEXT" : "OK";
      assertThat(row.<String>getAs("status")).as("row %d", i).isEqualTo(wanted);
      assertThat(row.getAs("embedding") == null).isEqualTo(!wanted.equals("OK"));
    }
    // Vectors did not shift behind the rows that have none.
    Map<Long, Row> single = byId(minilm().transform(LocalSpark.texts(1, texts.subList(0, 9))));
    assertThat(vector(rows.get(8L)))
        .containsExactly(vector(single.get(8L)), within((double) ALONE_TOLERANCE));
  }

  /** Rows are read ahead of the embedding, past the end of their file. */
  @Test
  void behindTheEmbedderEachRowStillTellsItsFile(@TempDir Path directory) {
    String folder = directory.resolve("texts").toString();
    Dataset<Row> texts = LocalSpark.texts(3, mixedTexts(9, 5));
    texts.write().parquet(folder);
    Dataset<Row> read = texts.sparkSession().read().parquet(folder).coalesce(1);
    List<String> wanted = files(read);
    assertThat(wanted).doesNotContain("").satisfies(f -> assertThat(Set.copyOf(f)).hasSize(3));
    assertThat(files(minilm().transform(read))).isEqualTo(wanted);
  }

  private static List<String> files(Dataset<Row> rows) {
    return rows.withColumn("file", functions.input_file_name()).collectAsList().stream()
        .map(row -> row.<String>getAs("file"))
        .toList();
  }

  @Test
  void noRowsAndOneRow() {
    Dataset<Row> none = minilm().transform(LocalSpark.texts(2, List.of()));
    assertThat(none.count()).isZero();
    assertThat(none.columns())
        .containsExactly(
            "id",
            "text",
            "embedding",
            "token_count",
            "tokens_used",
            "truncated",
            "unknown_token_ratio",
            "status");
    assertThat(minilm().transform(LocalSpark.texts(1, "one row")).count()).isEqualTo(1);
  }

  @Test
  void hugeTextIsCutAndSaysSo() {
    String huge = "lorem ipsum dolor sit ".repeat(10_000);
    assertThat(huge.length()).isGreaterThan(200_000);
    Row row = byId(minilm().transform(LocalSpark.texts(1, "short", huge))).get(1L);
    assertThat(row.<Boolean>getAs("truncated")).isTrue();
    assertThat(row.<Integer>getAs("tokens_used")).isEqualTo(256);
    assertThat(row.<Integer>getAs("token_count")).isGreaterThan(40_000);
    assertThat(row.<String>getAs("status")).isEqualTo("OK");
  }

  @Test
  void hostileTextIsOrdinaryText() {
    List<String> texts =
        List.of(
            "lone \ud800 surrogate \udc00",
            "NUL \u0000 inside",
            "x".repeat(100_000),
            "\ud83d\udc68\u200d\ud83d\udc69\u200d\ud83d\udc67 family",
            "\u202eright to left",
            "[CLS] [SEP] [PAD]");
    Map<Long, Row> rows = byId(minilm().transform(LocalSpark.texts(2, texts)));
    assertThat(rows).hasSize(texts.size());
    assertThat(rows.values())
        .allSatisfy(r -> assertThat(r.<String>getAs("status")).isEqualTo("OK"));
  }

  @Test
  void vectorsAreNormalisedAsTheModelDoesAndMetadataSaysHow() {
    Dataset<Row> out = minilm().transform(LocalSpark.texts(1, "Hello world"));
    double squares = 0;
    for (double v : vector(out.first())) {
      squares += v * v;
    }
    assertThat(squares).isCloseTo(1, within(1e-5));
    Metadata metadata = out.schema().apply("embedding").metadata();
    Metadata made = metadata.getMetadata(VectorProvenance.KEY);
    assertThat(made.getString("model")).isEqualTo("builtin:all-MiniLM-L6-v2");
    assertThat(made.getString("pooling")).isEqualTo("mean");
    assertThat(made.getString("poolingFrom")).isEqualTo("model's 1_Pooling/config.json");
    assertThat(made.getString("normalize")).isEqualTo("l2");
    assertThat(made.getLong("dimension")).isEqualTo(384);
    assertThat(made.getString("fingerprint")).hasSize(64);
    assertThat(metadata.getMetadata("ml_attr").getLong("num_attrs")).isEqualTo(384);
  }

  @Test
  void metadataAndVectorsSurviveParquet(@TempDir Path dir) {
    Dataset<Row> out =
        minilm().setOutputType("float_array").transform(LocalSpark.texts(1, "Hello world", null));
    String path = dir.resolve("out").toString();
    out.write().parquet(path);
    Dataset<Row> read = LocalSpark.session().read().parquet(path);
    assertThat(read.schema().apply("embedding").metadata().contains("embark")).isTrue();
    assertThat(read.schema().apply("embedding").metadata())
        .isEqualTo(out.schema().apply("embedding").metadata());
    Map<Long, Row> rows = byId(read);
    assertThat(rows.get(0L).<Float>getList(2)).hasSize(384);
    assertThat(rows.get(1L).isNullAt(2)).isTrue();
  }

  @ParameterizedTest
  @EnumSource(OutputType.class)
  void everyTypeComesBackFromParquet(OutputType type, @TempDir Path dir) {
    List<String> texts = mixedTexts(60, 9);
    texts.set(3, null);
    Dataset<Row> in = LocalSpark.texts(2, texts);
    TextEmbedder embedder = minilm().setPooling("mean,max").setOutputType(type.label());
    if (type == OutputType.INT8) {
      assertThatThrownBy(() -> embedder.transform(in)).hasMessageContaining("calibrate");
      embedder.calibrate(in);
    }
    String path = dir.resolve("out").toString();
    embedder.transform(in).write().parquet(path);
    Dataset<Row> read = LocalSpark.session().read().parquet(path);
    Map<Long, Row> exact =
        byId(minilm().setPooling("mean,max").setOutputType("float_array").transform(in));
    // Signs alone keep little of vectors that are nearly all above zero, as maxima are.
    double[] atLeast = {1, 1, 0.99999, 0.999, 0.6};
    for (String column : List.of("embedding_mean", "embedding_max")) {
      VectorColumn stored = VectorColumn.of(read.schema(), column);
      assertThat(stored.dimension()).isEqualTo(384);
      for (Row row : read.collectAsList()) {
        Row wanted = exact.get(row.<Long>getAs("id"));
        if (wanted.isNullAt(wanted.fieldIndex(column))) {
          assertThat(stored.read(row)).isNull();
          continue;
        }
        float[] vector = VectorColumn.of(wanted.schema(), column).read(wanted);
        if (atLeast[type.ordinal()] == 1) {
          assertThat(stored.read(row)).containsExactly(vector, within(1e-6f));
        }
        assertThat(cosine(stored.read(row), vector)).isGreaterThan(atLeast[type.ordinal()] - 1e-6);
      }
    }
  }

  @Test
  void tokenStatesPoolToTheSameVector() {
    List<String> texts = mixedTexts(30, 11);
    texts.set(5, null);
    Dataset<Row> out =
        minilm().setTokenStates(true).setNormalize("none").transform(LocalSpark.texts(2, texts));
    for (Row row : out.collectAsList()) {
      int states = row.fieldIndex("token_states");
      if (row.<String>getAs("status").equals("NULL_TEXT")) {
        assertThat(row.isNullAt(states)).isTrue();
        continue;
      }
      List<scala.collection.Seq<Float>> tokens = row.getList(states);
      assertThat(tokens).hasSize(row.<Integer>getAs("tokens_used"));
      double[] mean = new double[384];
      for (scala.collection.Seq<Float> token : tokens) {
        for (int h = 0; h < 384; h++) {
          mean[h] += token.apply(h) / tokens.size();
        }
      }
      assertThat(vector(row)).containsExactly(mean, within((double) ALONE_TOLERANCE));
    }
  }

  private static double cosine(float[] a, float[] b) {
    double dot = 0;
    double aa = 0;
    double bb = 0;
    for (int i = 0; i < a.length; i++) {
      dot += (double) a[i] * b[i];
      aa += (double) a[i] * a[i];
      bb += (double) b[i] * b[i];
    }
    return dot / Math.sqrt(aa * bb);
  }

  @Test
  void twoEmbeddingsStandSideBySide() {
    Dataset<Row> once = minilm().setOutputCol("v1").transform(LocalSpark.texts(1, "Hello"));
    assertThatThrownBy(() -> minilm().setOutputCol("v2").transform(once))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("token_count")
        .hasMessageContaining("--account-prefix (accountPrefix)");
    Row row =
        minilm()
            .setPooling("cls")
            .setOutputCol("v2")
            .setAccountPrefix("v2_")
            .transform(once)
            .first();
    assertThat(row.<Vector>getAs("v1")).isNotEqualTo(row.<Vector>getAs("v2"));
    assertThat(row.<String>getAs("v2_status")).isEqualTo("OK");
  }

  @Test
  void badColumnsAreRefusedBeforeTheFirstRow() {
    Dataset<Row> texts = LocalSpark.texts(1, "x");
    assertThatThrownBy(() -> minilm().setInputCol("body").transform(texts))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'body'")
        .hasMessageContaining("id, text");
    assertThatThrownBy(() -> minilm().setInputCol("id").transform(texts))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("bigint");
    assertThatThrownBy(() -> minilm().setOutputCol("text").transform(texts))
        .hasMessageContaining("outputCol");
    assertThatThrownBy(() -> minilm().setPooling("average")).hasMessageContaining("mean_sqrt_len");
    assertThatThrownBy(() -> minilm().setMaxLength(1)).hasMessageContaining("max-length");
  }

  @Test
  void savedAndLoadedItIsTheSame(@TempDir Path dir) throws Exception {
    TextEmbedder embedder =
        minilm().setPooling("max").setMaxLength(64).setOutputType("float_array").setPrompt("q: ");
    String path = dir.resolve("embedder").toString();
    embedder.write().save(path);
    TextEmbedder loaded = TextEmbedder.load(path);
    assertThat(loaded.uid()).isEqualTo(embedder.uid());
    assertThat(loaded.config()).isEqualTo(embedder.config());
    assertThat(loaded.explainParams()).isEqualTo(embedder.explainParams());
    Dataset<Row> texts = LocalSpark.texts(1, "Hello");
    assertThat(loaded.transform(texts).first()).isEqualTo(embedder.transform(texts).first());
    TextEmbedder copy = embedder.copy(ParamMap.empty().put(embedder.pooling(), "cls"));
    assertThat(copy.config()).isNotEqualTo(embedder.config());
    assertThat(copy.getOrDefault(copy.pooling())).isEqualTo("cls");
  }

  @Test
  void aPipelineFeedsKMeans(@TempDir Path dir) throws Exception {
    Dataset<Row> texts =
        LocalSpark.texts(
            2,
            "I lost my card",
            "My card was stolen",
            "Where is my bank card?",
            null,
            "The senate passed the law",
            "Congress debates a bill",
            "The president signed a law");
    Pipeline pipeline =
        new Pipeline()
            .setStages(
                new PipelineStage[] {
                  minilm(),
                  new SQLTransformer().setStatement("SELECT * FROM __THIS__ WHERE status = 'OK'"),
                  new KMeans().setK(2).setSeed(1).setFeaturesCol("embedding")
                });
    PipelineModel model = pipeline.fit(texts);
    String path = dir.resolve("pipeline").toString();
    model.write().save(path);
    Map<Long, Row> rows = byId(PipelineModel.load(path).transform(texts));
    assertThat(rows).hasSize(6);
    int cards = rows.get(0L).getAs("prediction");
    assertThat(List.of(1L, 2L))
        .allSatisfy(i -> assertThat(rows.get(i).<Integer>getAs("prediction")).isEqualTo(cards));
    assertThat(List.of(4L, 5L, 6L))
        .allSatisfy(i -> assertThat(rows.get(i).<Integer>getAs("prediction")).isEqualTo(1 - cards));
  }

  @Test
  void inputColumnsOfEveryTypeAreKept() {
    Dataset<Row> in =
        LocalSpark.texts(1, "Hello")
            .withColumn("when", functions.expr("timestamp'2020-01-02 03:04:05'"))
            .withColumn("tags", functions.expr("array('a', null)"))
            .withColumn("nested", functions.expr("named_struct('x', 1, 'm', map('k', 2.5D))"))
            .withColumn("price", functions.expr("cast(1.25 as decimal(10,2))"))
            .withColumn("bytes", functions.expr("cast('ab' as binary)"));
    Dataset<Row> out = minilm().transform(in);
    assertThat(out.select("id", in.columns()[1], "when", "tags", "nested", "price").first())
        .isEqualTo(in.select("id", in.columns()[1], "when", "tags", "nested", "price").first());
    assertThat(out.first().<byte[]>getAs("bytes")).containsExactly('a', 'b');
  }
}
