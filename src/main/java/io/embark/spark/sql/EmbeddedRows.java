package io.embark.spark.sql;

import io.embark.embed.Embedding;
import io.embark.spark.catalyst.ScalaSeq;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.JoinedRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.catalyst.expressions.UnsafeProjection;
import scala.collection.AbstractIterator;
import scala.collection.Seq;

/**
 * Joins rows with their vectors, each only when it is asked for. As with all of Spark's iterators,
 * the row object handed out is the same one every time.
 */
final class EmbeddedRows extends AbstractIterator<InternalRow> {
  private final Iterator<EmbedTextTask.Embedded> items;
  private final List<EmbedPasses.Source> sources;
  private final SqlEmbeddingMetrics metrics;
  private final UnsafeProjection projection;
  private final JoinedRow joined = new JoinedRow();

  EmbeddedRows(
      Iterator<EmbedTextTask.Embedded> items,
      List<EmbedPasses.Source> sources,
      Seq<Attribute> output,
      SqlEmbeddingMetrics metrics) {
    this.items = items;
    this.sources = sources;
    this.metrics = metrics;
    this.projection = UnsafeProjection.create(ScalaSeq.of(ScalaSeq.toJava(output)), output);
  }

  @Override
  public boolean hasNext() {
    return items.hasNext();
  }

  @Override
  public InternalRow next() {
    EmbedTextTask.Embedded item = items.next();
    Object[] vectors = new Object[sources.size()];
    for (int i = 0; i < vectors.length; i++) {
      EmbedPasses.Source source = sources.get(i);
      Embedding embedding = item.byPass()[source.pass()].get(source.text());
      float[] vector = embedding.vector(source.pooling());
      vectors[i] = vector == null ? null : UnsafeArrayData.fromPrimitiveArray(vector);
    }
    metrics.row();
    return projection.apply(joined.apply(item.row(), new GenericInternalRow(vectors)));
  }
}
