package io.embark.input;

import io.embark.input.gate.ChangedInput;
import io.embark.input.gate.GatedReader;
import io.embark.input.gate.UnreadableInput;
import io.embark.spark.catalyst.ScalaSeq;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.BoundReference;
import org.apache.spark.sql.catalyst.expressions.Cast;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.Literal;
import org.apache.spark.sql.catalyst.expressions.UnsafeProjection;
import org.apache.spark.sql.execution.datasources.PartitionedFile;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;
import scala.Function1;
import scala.Option;
import scala.collection.AbstractIterator;
import scala.collection.Iterator;

/** Reads each file by the reader of its kind, and gives rows with the types of the table. */
final class WideningReader implements GatedReader.Reader {
  private static final long serialVersionUID = 1;

  private final Map<StructType, Function1<PartitionedFile, Iterator<InternalRow>>> readers;
  private final FooterReader footers;
  private final Broadcast<SerializableConfiguration> hadoop;
  private final StructType wanted;
  private final StructType partition;
  private final boolean caseSensitive;

  /**
   * A reader of files of some kinds.
   *
   * @param readers by the wanted columns, with the types of a file
   */
  WideningReader(
      Map<StructType, Function1<PartitionedFile, Iterator<InternalRow>>> readers,
      FooterReader footers,
      Broadcast<SerializableConfiguration> hadoop,
      StructType wanted,
      StructType partition,
      boolean caseSensitive) {
    this.readers = readers;
    this.footers = footers;
    this.hadoop = hadoop;
    this.wanted = wanted;
    this.partition = partition;
    this.caseSensitive = caseSensitive;
  }

  @Override
  public Iterator<InternalRow> read(PartitionedFile file) {
    FileColumns columns;
    try {
      columns = footers.read(file.toPath(), file.fileSize(), hadoop.value().value());
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
    StructType own = MixedParquet.own(wanted, columns.schema(), caseSensitive);
    Function1<PartitionedFile, Iterator<InternalRow>> reader = readers.get(own);
    if (reader == null) {
      throw new ChangedInput(file.toPath(), "has other columns than when the run began");
    }
    Iterator<InternalRow> rows = reader.apply(file);
    return own.equals(wanted) ? rows : new Widened(rows, own, file);
  }

  private final class Widened extends AbstractIterator<InternalRow> implements Closeable {
    private final Iterator<InternalRow> rows;
    private final UnsafeProjection projection;
    private final PartitionedFile file;

    /** Places of columns that the footer calls empty; a value in one would be lost. */
    private final List<Integer> empty = new ArrayList<>();

    Widened(Iterator<InternalRow> rows, StructType own, PartitionedFile file) {
      this.rows = rows;
      this.file = file;
      List<Expression> columns = new ArrayList<>();
      for (int i = 0; i < own.length(); i++) {
        columns.add(widened(i, own.apply(i).dataType(), wanted.apply(i).dataType()));
      }
      for (StructField field : partition.fields()) {
        columns.add(new BoundReference(columns.size(), field.dataType(), true));
      }
      this.projection = UnsafeProjection.create(ScalaSeq.of(columns));
    }

    private Expression widened(int place, DataType from, DataType to) {
      BoundReference value = new BoundReference(place, from, true);
      if (from.sameType(to)) {
        return value;
      }
      if (Widening.of(from, to).filter(to::sameType).isPresent()) {
        return new Cast(value, to, Option.empty());
      }
      empty.add(place);
      return Literal.create(null, to);
    }

    @Override
    public boolean hasNext() {
      return rows.hasNext();
    }

    @Override
    public InternalRow next() {
      InternalRow row = rows.next();
      for (int place : empty) {
        if (!row.isNullAt(place)) {
          throw new UnreadableInput(
              file.toPath(),
              "column '%s' has values, though its footer says that there are none"
                  .formatted(wanted.apply(place).name()),
              null);
        }
      }
      return projection.apply(row);
    }

    @Override
    public void close() throws IOException {
      if (rows instanceof Closeable open) {
        open.close();
      }
    }
  }
}
