package io.embark.peers;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.UnaryOperator;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoder;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.TaskCompletionListener;

/** A library without a Spark stage of its own, as one would call it: batches in mapPartitions. */
public final class RowBatches {
  private static final StructType SCHEMA =
      new StructType()
          .add("id", DataTypes.LongType)
          .add("vector", DataTypes.createArrayType(DataTypes.FloatType, false));

  private RowBatches() {}

  /** What embeds, in one task. */
  public interface Library extends AutoCloseable {
    List<float[]> embed(List<String> texts) throws Exception;

    @Override
    default void close() {}
  }

  /** Opens a library in each task. */
  public interface Opener extends Callable<Library>, Serializable {}

  /**
   * @param size texts a call
   * @param opener called in each task
   */
  public static UnaryOperator<Dataset<Row>> of(int size, Opener opener) {
    Encoder<Row> encoder = Encoders.row(SCHEMA);
    MapPartitionsFunction<Row, Row> embed = rows -> new Batches(rows, size, opener.call());
    return texts -> texts.select("id", "text").mapPartitions(embed, encoder);
  }

  private static final class Batches implements Iterator<Row> {
    private final Iterator<Row> rows;
    private final int size;
    private final Library library;
    private Iterator<Row> ready = List.<Row>of().iterator();

    Batches(Iterator<Row> rows, int size, Library library) {
      this.rows = rows;
      this.size = size;
      this.library = library;
      TaskCompletionListener close = context -> library.close();
      TaskContext.get().addTaskCompletionListener(close);
    }

    @Override
    public boolean hasNext() {
      return ready.hasNext() || rows.hasNext();
    }

    @Override
    public Row next() {
      if (!ready.hasNext()) {
        ready = embedded();
      }
      return ready.next();
    }

    private Iterator<Row> embedded() {
      List<Row> batch = new ArrayList<>(size);
      while (batch.size() < size && rows.hasNext()) {
        batch.add(rows.next());
      }
      List<String> texts = batch.stream().map(row -> row.getString(1)).toList();
      try {
        List<float[]> vectors = library.embed(texts);
        List<Row> embedded = new ArrayList<>(batch.size());
        for (int i = 0; i < batch.size(); i++) {
          embedded.add(RowFactory.create(batch.get(i).getLong(0), vectors.get(i)));
        }
        return embedded.iterator();
      } catch (Exception e) {
        throw new IllegalStateException("A batch of " + batch.size() + " texts failed", e);
      }
    }
  }
}
