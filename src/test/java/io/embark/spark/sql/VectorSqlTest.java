package io.embark.spark.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.embark.embed.EmbedderConfig;
import io.embark.embed.Setting;
import io.embark.pooling.Pooling;
import io.embark.pooling.TokenStates;
import io.embark.spark.TextEmbedder;
import io.embark.spark.column.OutputType;
import io.embark.testing.LocalSpark;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class VectorSqlTest {
  private static final List<String> KINDS = List.of("floats", "doubles", "dense", "sparse");

  @BeforeAll
  static void vectors() {
    List<Row> rows = new ArrayList<>();
    double[][] values = {{1, 0, -2, 0}, {0, 3, 1, 0}, {0, 0, 0, 0}, {2, 0, -4, 0}};
    for (int i = 0; i < values.length; i++) {
      float[] floats = new float[4];
      for (int h = 0; h < 4; h++) {
        floats[h] = (float) values[i][h];
      }
      rows.add(
          RowFactory.create(
              i, floats, values[i], Vectors.dense(values[i]), Vectors.dense(values[i]).toSparse()));
    }
    rows.add(RowFactory.create(values.length, null, null, null, null));
    StructType schema =
        new StructType()
            .add("id", DataTypes.IntegerType)
            .add("floats", DataTypes.createArrayType(DataTypes.FloatType))
            .add("doubles", DataTypes.createArrayType(DataTypes.DoubleType))
            .add("dense", SQLDataTypes.VectorType())
            .add("sparse", SQLDataTypes.VectorType());
    SqlSpark.session().createDataFrame(rows, schema).createOrReplaceTempView("vectors");
  }

  private static Object cosine(String left, int leftId, String right, int rightId) {
    return SqlSpark.sql(
            "SELECT cosine_similarity(a.%s, b.%s) FROM vectors a JOIN vectors b WHERE a.id = %d AND b.id = %d"
                .formatted(left, right, leftId, rightId))
        .first()
        .get(0);
  }

  @ParameterizedTest
  @ValueSource(strings = {"CODEGEN_ONLY", "NO_CODEGEN"})
  void everyVectorTypeWithEveryOther(String mode) {
    SqlSpark.session().conf().set("spark.sql.codegen.factoryMode", mode);
    SqlSpark.session()
        .conf()
        .set("spark.sql.codegen.wholeStage", String.valueOf(mode.equals("CODEGEN_ONLY")));
    try {
      for (String left : KINDS) {
        for (String right : KINDS) {
          String pair = left + " with " + right;
          double apart = -2 / (Math.sqrt(5) * Math.sqrt(10));
          assertThat((Double) cosine(left, 0, right, 1)).as(pair).isCloseTo(apart, within(1e-9));
          assertThat((Double) cosine(left, 0, right, 3)).as(pair).isCloseTo(1, within(1e-9));
          assertThat(cosine(left, 0, right, 2)).as(pair + ": zeros").isNull();
          assertThat(cosine(left, 4, right, 0)).as(pair + ": null").isNull();
        }
      }
    } finally {
      SqlSpark.session().conf().unset("spark.sql.codegen.factoryMode");
      SqlSpark.session().conf().unset("spark.sql.codegen.wholeStage");
    }
  }

  @Test
  void constantsNullsAndUnlikeLengths() {
    assertThat(
            SqlSpark.sql("SELECT cosine_similarity(array(1d, 0d), array(1f, 1f))").first().get(0))
        .isEqualTo(0.7071067811865475);
    assertThat(SqlSpark.sql("SELECT cosine_similarity(NULL, array(1d))").first().get(0)).isNull();
    assertThatThrownBy(
            () ->
                SqlSpark.sql("SELECT cosine_similarity(floats, array(1d)) FROM vectors").collect())
        .hasStackTraceContaining("4 and 1 values");
    assertThatThrownBy(
            () ->
                SqlSpark.sql("SELECT cosine_similarity(array(1d, NULL), array(1d, 1d))").collect())
        .hasStackTraceContaining("value 1 of a vector is null");
    assertThatThrownBy(() -> SqlSpark.sql("SELECT cosine_similarity(array('a'), array(1d))"))
        .isInstanceOf(AnalysisException.class)
        .hasMessageContaining("array<float>, array<double> or MLlib's vector")
        .hasMessageContaining("array<string>");
  }

  @Test
  void aPoolingJoinedWithNoOtherIsThatPooling() {
    String alone = "SELECT 'a' AS t, embed_text('a', NULL, 'mean') AS e";
    SqlSpark.sql(alone).createOrReplaceTempView("alone");
    SqlSpark.session().conf().set("spark.embark.concat", "true");
    try {
      SqlSpark.sql(alone).createOrReplaceTempView("joined");
      assertThat(
              SqlSpark.sql("SELECT cosine_similarity(alone.e, joined.e) FROM alone JOIN joined")
                  .first()
                  .getDouble(0))
          .isCloseTo(1, within(1e-6));
    } finally {
      SqlSpark.session().conf().unset("spark.embark.concat");
    }
  }

  @Test
  void vectorsMadeDifferentlyAreRefusedUnlessForced() {
    String made =
        "(SELECT 'a' AS t, embed_text('a') AS mean, embed_text('a', NULL, 'cls') AS cls,"
            + " embed_text('a', 'builtin:bge-small-en-v1.5') AS bge)";
    assertThatThrownBy(() -> SqlSpark.sql("SELECT cosine_similarity(mean, cls) FROM " + made))
        .isInstanceOf(AnalysisException.class)
        .hasMessageContaining("made differently (pooling)")
        .hasMessageContaining("pooling: 'mean' and 'cls'   <- must agree")
        .hasMessageContaining("dimension: '384' and '384'\n")
        .hasMessageContaining("true as the third argument");
    assertThatThrownBy(
            () -> SqlSpark.sql("SELECT 1 FROM " + made + " WHERE cosine_similarity(bge, mean) > 0"))
        .hasMessageContaining("made differently (fingerprint, pooling)")
        .hasMessageContaining("builtin:bge-small-en-v1.5");
    // Calls, casts and subqueries say how they were made as well as columns do.
    assertThatThrownBy(
            () ->
                SqlSpark.sql(
                    "SELECT cosine_similarity(CAST(mean AS array<double>),"
                        + " (SELECT embed_text('q', NULL, 'cls'))) FROM "
                        + made))
        .hasMessageContaining("made differently (pooling)");
    assertThatThrownBy(
            () -> SqlSpark.sql("SELECT cosine_similarity(embed_text(t), cls) FROM " + made))
        .hasMessageContaining("made differently (pooling)");
    assertThat(
            SqlSpark.sql("SELECT cosine_similarity(mean, cls, true) FROM " + made)
                .first()
                .getDouble(0))
        .isBetween(-1.0, 1.0);
    assertThat(
            SqlSpark.sql("SELECT cosine_similarity(mean, embed_text(t)) FROM " + made)
                .first()
                .getDouble(0))
        .isCloseTo(1, within(1e-5));
    assertThatThrownBy(
            () -> SqlSpark.sql("SELECT cosine_similarity(mean, cls, t = 'a') FROM " + made))
        .hasMessageContaining("force must be a constant boolean");
  }

  @Test
  void textEmbeddersColumnsAreToldApartToo() {
    Dataset<Row> texts = LocalSpark.texts(1, "I lost my card");
    SqlSpark.texts("embedded_texts", 1, List.of("I lost my card"));
    Dataset<Row> in = SqlSpark.sql("SELECT * FROM embedded_texts");
    assertThat(in.schema()).isEqualTo(texts.schema());
    new TextEmbedder().setDevice("cpu").transform(in).createOrReplaceTempView("embedded");
    assertThat(
            SqlSpark.sql("SELECT cosine_similarity(embedding, embed_text(text)) FROM embedded")
                .first()
                .getDouble(0))
        .isCloseTo(1, within(1e-5));
    assertThatThrownBy(
            () ->
                SqlSpark.sql(
                    "SELECT cosine_similarity(embedding, embed_text(text, NULL, 'max')) FROM"
                        + " embedded"))
        .hasMessageContaining("made differently (pooling)");
  }

  @ParameterizedTest
  @EnumSource(OutputType.class)
  void vectorsStoredSmallerAreDecoded(OutputType type, @TempDir Path dir) {
    SqlSpark.texts("few", 1, List.of("I lost my card", "The senate passed the law", "Hello"));
    TextEmbedder embedder = new TextEmbedder().setDevice("cpu").setOutputType(type.label());
    Dataset<Row> in = SqlSpark.sql("SELECT * FROM few");
    if (type == OutputType.INT8) {
      embedder.calibrate(in);
    }
    String path = dir.resolve("stored").toString();
    embedder.transform(in).write().parquet(path);
    SqlSpark.session().read().parquet(path).createOrReplaceTempView("stored");
    double off = type == OutputType.BINARY ? 0.3 : type == OutputType.INT8 ? 0.01 : 1e-3;
    for (Row row :
        SqlSpark.sql(
                "SELECT cosine_similarity(s.embedding, embed_text(s.text)),"
                    + " cosine_similarity(s.embedding, t.embedding),"
                    + " cosine_similarity(embed_text(s.text), embed_text(t.text))"
                    + " FROM stored s, stored t")
            .collectAsList()) {
      assertThat(row.getDouble(0)).isCloseTo(1, within(off));
      assertThat(row.getDouble(1)).isCloseTo(row.getDouble(2), within(off));
    }
    assertThatThrownBy(
            () ->
                SqlSpark.sql(
                    "SELECT cosine_similarity(embedding, embed_text(text, NULL, 'cls')) FROM"
                        + " stored"))
        .hasMessageContaining("made differently (pooling)");
    if (!type.isEncoded() || type == OutputType.BINARY) {
      return;
    }
    for (String taken :
        List.of(
            "CAST(embedding AS array<double>)",
            "coalesce(embedding, embed_text(text))",
            "nvl(embedding, embed_text(text))",
            "if(length(text) > 3, embedding, embed_text(text))",
            "CASE WHEN text IS NULL THEN embed_text(text) ELSE embedding END",
            "CAST(coalesce(embedding, NULL) AS array<float>)")) {
      for (String sides : List.of(taken + ", embed_text(text)", "embed_text(text), " + taken)) {
        assertThatThrownBy(
                () -> SqlSpark.sql("SELECT cosine_similarity(" + sides + ") FROM stored").collect())
            .as(sides)
            .hasMessageContaining("Give the column itself");
      }
    }
  }

  @Test
  void aColumnMadeTogetherWithOthersIsKnownByItsOwnPooling() {
    SqlSpark.texts("few", 1, List.of("I lost my card"));
    new TextEmbedder()
        .setDevice("cpu")
        .setPooling("mean,cls")
        .transform(SqlSpark.sql("SELECT * FROM few"))
        .createOrReplaceTempView("both");
    assertThat(
            SqlSpark.sql(
                    "SELECT cosine_similarity(embedding_cls, embed_text(text, NULL, 'cls')) FROM"
                        + " both")
                .first()
                .getDouble(0))
        .isCloseTo(1, within(1e-5));
    assertThatThrownBy(
            () -> SqlSpark.sql("SELECT cosine_similarity(embedding_mean, embedding_cls) FROM both"))
        .hasMessageContaining("pooling: 'mean' and 'cls'");
  }

  @ParameterizedTest
  @EnumSource(
      value = Pooling.class,
      mode = EnumSource.Mode.EXCLUDE,
      names = {"POOLER", "SENTENCE_EMBEDDING"})
  void pooledTokensEqualPooling(Pooling pooling) {
    Random random = new Random(5);
    List<Row> rows = new ArrayList<>();
    List<float[]> wanted = new ArrayList<>();
    for (int row = 0; row < 20; row++) {
      int length = 1 + random.nextInt(6);
      int hiddenSize = 1 + random.nextInt(4);
      float[] flat = new float[length * hiddenSize];
      long[] mask = new long[length];
      float[][] states = new float[length][hiddenSize];
      for (int token = 0; token < length; token++) {
        mask[token] = token == row % length || random.nextBoolean() ? 1 : 0;
        for (int h = 0; h < hiddenSize; h++) {
          states[token][h] = flat[token * hiddenSize + h] = random.nextFloat() - 0.5f;
        }
      }
      wanted.add(pooling.pool(new TokenStates(flat, mask, null, 1, length, hiddenSize), 0));
      rows.add(RowFactory.create(row, states, mask));
    }
    StructType schema =
        new StructType()
            .add("id", DataTypes.IntegerType)
            .add(
                "states", DataTypes.createArrayType(DataTypes.createArrayType(DataTypes.FloatType)))
            .add("mask", DataTypes.createArrayType(DataTypes.LongType));
    SqlSpark.session().createDataFrame(rows, schema).createOrReplaceTempView("states");
    for (String type : new String[] {"bigint", "int", "boolean"}) {
      List<Row> out =
          SqlSpark.sql(
                  "SELECT pool_tokens(states, CAST(mask AS array<%s>), '%s') FROM states ORDER BY id"
                      .formatted(type, pooling.label()))
              .collectAsList();
      for (int row = 0; row < wanted.size(); row++) {
        List<Float> boxed = new ArrayList<>();
        for (float value : wanted.get(row)) {
          boxed.add(value);
        }
        assertThat(out.get(row).<Float>getList(0)).as("%s, row %d", type, row).isEqualTo(boxed);
      }
    }
  }

  @Test
  void textEmbeddersTokenStatesPoolToItsVectors() {
    SqlSpark.texts("few", 1, List.of("I lost my card", "The senate passed the law"));
    new TextEmbedder()
        .setDevice("cpu")
        .setConfig(
            EmbedderConfig.builder()
                .set(Setting.TOKEN_STATES, "true", "test")
                .set(Setting.POOLING, "mean,max", "test")
                .build())
        .transform(SqlSpark.sql("SELECT * FROM few"))
        .createOrReplaceTempView("kept");
    for (Row row :
        SqlSpark.sql(
                "SELECT cosine_similarity(pool_tokens(token_states, NULL, 'mean'), embedding_mean),"
                    + " cosine_similarity(pool_tokens(token_states, NULL, 'max'), embedding_max)"
                    + " FROM kept")
            .collectAsList()) {
      assertThat(row.getDouble(0)).isCloseTo(1, within(1e-5));
      assertThat(row.getDouble(1)).isCloseTo(1, within(1e-5));
    }
  }

  private static Object pooled(String arguments) {
    return SqlSpark.sql("SELECT pool_tokens(" + arguments + ")").first().get(0);
  }

  @Test
  void statesWithoutTokensHaveNoVector() {
    assertThat(pooled("NULL, NULL, 'mean'")).isNull();
    assertThat(pooled("array(array(1f)), array(0), 'mean'")).isNull();
    assertThat(pooled("CAST(array() AS array<array<float>>), NULL, 'mean'")).isNull();
    assertThat(pooled("array(array(1f), array(3f)), NULL, 'mean'"))
        .hasToString("WrappedArray(2.0)");
  }

  @Test
  void statesThatCannotBePooledAreRefused() {
    assertThatThrownBy(() -> pooled("array(array(1f)), NULL, 'pooler'"))
        .isInstanceOf(AnalysisException.class)
        .hasMessageContaining("output of the model itself");
    assertThatThrownBy(() -> pooled("array(array(1f)), NULL, 'average'"))
        .isInstanceOf(AnalysisException.class)
        .hasMessageContaining("mean_sqrt_len");
    assertThatThrownBy(() -> pooled("array(1f), NULL, 'mean'"))
        .isInstanceOf(AnalysisException.class)
        .hasMessageContaining("array<array<float>>")
        .hasMessageContaining("found array<float>");
    assertThatThrownBy(() -> pooled("array(array(1f)), array('x'), 'mean'"))
        .hasMessageContaining("array<boolean>");
    assertThatThrownBy(() -> pooled("array(array(1f), array(1f, 2f)), NULL, 'mean'"))
        .hasStackTraceContaining("token 0 has 1 values and token 1 has 2");
    assertThatThrownBy(() -> pooled("array(array(1f)), array(1, 1), 'mean'"))
        .hasStackTraceContaining("1 token states, but a mask of 2");
  }
}
