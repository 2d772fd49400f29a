package io.embark.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.embark.testing.LocalSpark;
import io.embark.testing.TinyModels;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Chunks as rows, by themselves and on the way to vectors. */
@Timeout(120)
class TextChunkerTest {
  private static final String EMOJI = "\ud83d\ude00\ud83d\udc68\u200d\ud83d\udc69 ";
  private static final List<String> DOCUMENTS =
      java.util.Arrays.asList(
          (EMOJI + "one two three. Four five six seven eight. ").repeat(20),
          "short",
          null,
          " ",
          "word ".repeat(200) + "\ud83d\ude00 end");

  @TempDir static Path directory;
  private static String model;

  @BeforeAll
  static void write() {
    model = TinyModels.graph().hiddenSize(4).writeDirectory(directory.resolve("tiny")).toString();
  }

  private static TextChunker chunker() {
    return new TextChunker().setModel(model).setChunkTokens(24);
  }

  private static TextEmbedder embedder() {
    return new TextEmbedder().setModel(model).setDevice("cpu").setPooling("mean");
  }

  private static Dataset<Row> documents() {
    return LocalSpark.texts(2, DOCUMENTS);
  }

  @Test
  void substringOfSparkFindsTheChunkAgain() {
    Dataset<Row> chunks = chunker().setChunkOverlap(4).transform(documents());
    assertThat(chunks.columns())
        .containsExactly("id", "text", "chunk_index", "chunk_start", "chunk_end");
    Dataset<Row> joined =
        chunks
            .join(documents().withColumnRenamed("text", "document"), "id")
            .withColumn(
                "again",
                functions.expr("substring(document, chunk_start + 1, chunk_end - chunk_start)"));
    List<Row> rows = joined.orderBy("id", "chunk_index").collectAsList();
    assertThat(rows).hasSizeGreaterThan(30);
    for (Row row : rows) {
      assertThat(row.<String>getAs("again")).isEqualTo(row.<String>getAs("text"));
      assertThat(row.isNullAt(row.fieldIndex("chunk_start")))
          .isEqualTo(row.<String>getAs("document") == null);
    }
    for (long id = 0; id < DOCUMENTS.size(); id++) {
      List<Row> ofDocument = chunks.where("id = " + id).orderBy("chunk_index").collectAsList();
      for (int i = 0; i < ofDocument.size(); i++) {
        assertThat(ofDocument.get(i).<Integer>getAs("chunk_index")).isEqualTo(i);
      }
      assertThat(ofDocument).hasSize(id >= 1 && id <= 3 ? 1 : ofDocument.size()).isNotEmpty();
    }
  }

  @Test
  void chunkedThenEmbeddedIsEmbeddedInRows() throws Exception {
    PipelineStage[] stages = {chunker(), embedder()};
    PipelineModel pipeline = new Pipeline().setStages(stages).fit(documents());
    Path saved = directory.resolve("pipeline");
    pipeline.write().save(saved.toString());
    List<Row> inSteps =
        PipelineModel.load(saved.toString())
            .transform(documents())
            .orderBy("id", "chunk_index")
            .collectAsList();
    Dataset<Row> atOnce = embedder().setChunk("rows").setChunkTokens(24).transform(documents());
    List<Row> rows = atOnce.orderBy("id", "chunk_index").collectAsList();
    assertThat(rows).hasSameSizeAs(inSteps);
    for (int i = 0; i < rows.size(); i++) {
      for (String column : inSteps.get(i).schema().fieldNames()) {
        assertThat(rows.get(i).<Object>getAs(column))
            .as("row %d, %s", i, column)
            .isEqualTo(inSteps.get(i).getAs(column));
      }
      assertThat(rows.get(i).<Boolean>getAs("truncated")).isFalse();
    }
  }

  @Test
  void mergedDocumentsAreRowsAsTheyCame() {
    Dataset<Row> merged =
        embedder()
            .setChunk("document")
            .setChunkTokens(24)
            .setAccountPrefix("a_")
            .transform(documents());
    assertThat(merged.columns())
        .containsExactly(
            "id",
            "text",
            "embedding",
            "a_token_count",
            "a_tokens_used",
            "a_truncated",
            "a_unknown_token_ratio",
            "a_status",
            "a_chunks");
    List<Row> rows = merged.orderBy("id").collectAsList();
    assertThat(rows.stream().map(r -> r.<String>getAs("text"))).isEqualTo(DOCUMENTS);
    assertThat(rows.stream().map(r -> r.<String>getAs("a_status")))
        .containsExactly("OK", "OK", "NULL_TEXT", "BLANK_TEXT", "OK");
    assertThat(rows.stream().map(r -> r.<Integer>getAs("a_chunks")).toList().subList(1, 4))
        .containsExactly(1, 0, 1);
    Row plain = embedder().transform(documents()).orderBy("id").collectAsList().get(1);
    assertThat(rows.get(1).<Vector>getAs("embedding")).isEqualTo(plain.getAs("embedding"));
    assertThat(merged.schema().apply("embedding").metadata().json())
        .contains("\"chunk\":\"document, 24 tokens, overlap 0\"");

    List<Row> both =
        embedder()
            .setChunk("both")
            .setChunkTokens(24)
            .setChunkText(false)
            .setOutputType("float")
            .transform(documents())
            .where("chunk_index is null or id = 0")
            .collectAsList();
    assertThat(
            both.stream()
                .filter(r -> r.getAs("chunk_index") == null)
                .map(r -> r.<String>getAs("text")))
        .containsExactlyInAnyOrderElementsOf(DOCUMENTS);
    assertThat(
            both.stream()
                .filter(r -> r.getAs("chunk_index") != null)
                .map(r -> r.<String>getAs("text")))
        .isNotEmpty()
        .containsOnlyNulls();
  }

  @Test
  void int8RangesAreThoseOfTheVectorsThatAreMade() {
    TextEmbedder embedder =
        embedder()
            .setChunk("document")
            .setChunkTokens(24)
            .setOutputType("int8")
            .calibrate(documents());
    assertThat(embedder.transform(documents()).where("embedding is not null").count()).isEqualTo(3);
  }

  @Test
  void whatDoesNotGoTogetherIsRefusedOnTheDriver() {
    Dataset<Row> in = documents();
    assertThatThrownBy(() -> chunker().setChunkTokens(5).transform(in))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("10 or more");
    assertThatThrownBy(() -> chunker().setInputCol("body").transform(in))
        .hasMessageContaining("No column 'body'");
    assertThatThrownBy(() -> chunker().setInputCol("id").transform(in))
        .hasMessageContaining("bigint");
    assertThatThrownBy(() -> chunker().transform(in.withColumn("Chunk_Index", functions.lit(1))))
        .hasMessageContaining("'Chunk_Index'");
    assertThatThrownBy(() -> embedder().setChunk("rows").setChunkTokens(1000).transform(in))
        .hasMessageContaining("chunk-tokens is 1000");
    assertThatThrownBy(() -> embedder().setChunk("rows").setChunkOverlap(400).transform(in))
        .hasMessageContaining("chunk-overlap is 400");
    assertThatThrownBy(() -> embedder().setChunk("document").setTokenStates(true).transform(in))
        .hasMessageContaining("token-states");
    assertThatThrownBy(() -> embedder().setChunk("pages")).hasMessageContaining("rows, document");
  }
}
