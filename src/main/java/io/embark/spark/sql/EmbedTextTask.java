package io.embark.spark.sql;

import io.embark.embed.Embedder;
import io.embark.embed.Embedding;
import io.embark.embed.EmbeddingStream;
import io.embark.spark.catalyst.ScalaSeq;
import io.embark.spark.column.InputBlock;
import io.embark.spark.column.InternalRows;
import io.embark.spark.executor.Canary;
import io.embark.spark.executor.ExecutorEmbedders;
import io.embark.spark.metrics.JvmMetrics;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.JoinedRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.catalyst.expressions.UnsafeProjection;
import org.apache.spark.sql.catalyst.expressions.UnsafeRow;
import scala.Function1;
import scala.collection.JavaConverters;
import scala.collection.Seq;

/**
 * The work of {@link EmbedTextExec} on one partition; all of it that goes to executors.
 *
 * @param canaries one for each pass
 */
public record EmbedTextTask(
    EmbedPasses passes,
    List<Canary> canaries,
    Seq<Attribute> input,
    Seq<Attribute> output,
    SqlEmbeddingMetrics metrics)
    implements Function1<
            scala.collection.Iterator<InternalRow>, scala.collection.Iterator<InternalRow>>,
        Serializable {

  /** A row, the file it comes from, and what is known of it so far, by pass. */
  private record Embedded(InternalRow row, InputBlock block, List<Embedding>[] byPass) {}

  @Override
  public scala.collection.Iterator<InternalRow> apply(
      scala.collection.Iterator<InternalRow> partition) {
    if (!partition.hasNext()) {
      // An empty partition must not load a model.
      return partition;
    }
    // Rows are read ahead, and Spark's iterators hand out one row object again and again.
    boolean readsAhead = passes.passes().stream().anyMatch(pass -> !pass.constant());
    List<List<Embedding>> constants = new ArrayList<>();
    for (int i = 0; i < passes.passes().size(); i++) {
      constants.add(passes.passes().get(i).constant() ? constants(i) : null);
    }
    Iterator<Embedded> items =
        InputBlock.of(
            JavaConverters.asJavaIterator(partition),
            (row, block) -> new Embedded(readsAhead ? row.copy() : row, block, byPass(constants)));
    for (int i = 0; i < passes.passes().size(); i++) {
      if (!passes.passes().get(i).constant()) {
        items = embed(i, items);
      }
    }
    // As with all of Spark's iterators, the row handed out is the same object every time.
    UnsafeProjection projection =
        UnsafeProjection.create(ScalaSeq.<Expression>of(ScalaSeq.toJava(output)), output);
    JoinedRow joined = new JoinedRow();
    return JavaConverters.asScalaIterator(items)
        .map(
            item -> {
              metrics.row();
              item.block().putBack();
              return projection.apply(joined.apply(item.row(), vectors(item)));
            });
  }

  private InternalRow vectors(Embedded item) {
    Object[] vectors = new Object[passes.sources().size()];
    for (int i = 0; i < vectors.length; i++) {
      EmbedPasses.Source source = passes.sources().get(i);
      float[] vector = item.byPass()[source.pass()].get(source.text()).vector(source.pooling());
      vectors[i] = vector == null ? null : UnsafeArrayData.fromPrimitiveArray(vector);
    }
    return new GenericInternalRow(vectors);
  }

  @SuppressWarnings({"unchecked", "rawtypes"})
  private static List<Embedding>[] byPass(List<List<Embedding>> known) {
    return known.toArray(new List[0]);
  }

  private Iterator<Embedded> embed(int pass, Iterator<Embedded> items) {
    ArrayList<Expression> texts = passes.passes().get(pass).texts();
    UnsafeProjection projection = projection(texts);
    return ExecutorEmbedders.endWithTask(
        EmbeddingStream.ofSeveralTexts(
            embedder(pass),
            items,
            item -> {
              // For texts that name the file; rows of an earlier pass are ahead of the next.
              item.block().putBack();
              return texts(projection.apply(item.row()), texts.size());
            },
            (item, embeddings) -> {
              item.byPass()[pass] = embeddings;
              return item;
            },
            JvmMetrics.and(metrics)));
  }

  private Embedder embedder(int pass) {
    return canaries.get(pass).require(ExecutorEmbedders.get(passes.passes().get(pass).config()));
  }

  private List<Embedding> constants(int index) {
    EmbedPasses.Pass pass = passes.passes().get(index);
    UnsafeRow texts = projection(pass.texts()).apply(InternalRow.empty());
    try (EmbeddingStream<UnsafeRow, List<Embedding>> stream =
        ExecutorEmbedders.endWithTask(
            EmbeddingStream.ofSeveralTexts(
                embedder(index),
                List.of(texts).iterator(),
                row -> texts(row, pass.texts().size()),
                (row, embeddings) -> embeddings,
                JvmMetrics.and(metrics)))) {
      return stream.next();
    }
  }

  private UnsafeProjection projection(List<Expression> texts) {
    UnsafeProjection projection = UnsafeProjection.create(ScalaSeq.of(texts), input);
    projection.initialize(TaskContext.getPartitionId());
    return projection;
  }

  private static List<String> texts(UnsafeRow row, int count) {
    return IntStream.range(0, count).mapToObj(i -> InternalRows.text(row, i)).toList();
  }
}
