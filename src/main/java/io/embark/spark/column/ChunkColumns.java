package io.embark.spark.column;

import io.embark.UserError;
import io.embark.embed.DocumentStream;
import io.embark.embed.Setting;
import io.embark.spark.executor.ModelFacts;
import io.embark.text.Chunk;
import io.embark.text.Chunker;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.JoinedRow;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.unsafe.types.UTF8String;
import scala.collection.JavaConverters;

/**
 * The columns that chunking adds behind those of an embedding: of chunks {@code chunk_index},
 * {@code chunk_start} and {@code chunk_end}, of documents {@code chunks}, how many they have.
 * Positions count code points, as Spark's own {@code substring} does.
 */
public record ChunkColumns(String prefix, Chunking chunking, int textIndex)
    implements Serializable {
  /**
   * @throws UserError if a name is taken
   */
  public StructType addTo(StructType schema) {
    List<StructField> fields = new ArrayList<>(List.of(schema.fields()));
    if (chunking.mode().chunks()) {
      StructField text = fields.get(textIndex);
      fields.set(textIndex, new StructField(text.name(), text.dataType(), true, text.metadata()));
      add(fields, "chunk_index");
      add(fields, "chunk_start");
      add(fields, "chunk_end");
    }
    if (chunking.mode().merges()) {
      add(fields, "chunks");
    }
    return new StructType(fields.toArray(StructField[]::new));
  }

  private void add(List<StructField> fields, String name) {
    StructField added =
        new StructField(prefix + name, DataTypes.IntegerType, true, Metadata.empty());
    Columns.add(fields, added, "chunking", "--account-prefix (accountPrefix)");
  }

  /** Adds to the metadata of vector columns how documents were cut. */
  public StructType describe(StructType schema, ModelFacts facts) {
    String chunks = chunking.describe(facts.config().get(Setting.MAX_LENGTH));
    return ColumnProvenance.changed(schema, made -> made.chunked(chunks));
  }

  /** A row for each chunk of each row, one after the other; nothing is embedded. */
  public Iterator<InternalRow> chunks(
      Iterator<InternalRow> rows, StructType input, Chunker chunker) {
    Iterator<DocumentStream.Piece<InternalRow>> pieces =
        DocumentStream.pieces(rows, row -> InternalRows.text(row, textIndex), chunker);
    return JavaConverters.asJavaIterator(
        JavaConverters.asScalaIterator(pieces)
            .map(
                piece ->
                    new JoinedRow(
                        withTextOf(piece.chunk(), piece.document(), input),
                        ofChunk(piece.chunk()))));
  }

  /** The row with the text of a chunk, or none, in place of the document's. */
  InternalRow withTextOf(Chunk chunk, InternalRow row, StructType input) {
    Object[] values = new Object[input.length()];
    for (int i = 0; i < values.length; i++) {
      values[i] = row.isNullAt(i) ? null : row.get(i, input.apply(i).dataType());
    }
    values[textIndex] =
        chunk == null || !chunking.keepText() ? null : UTF8String.fromString(chunk.text());
    return new GenericInternalRow(values);
  }

  /** The added values of a chunk, null for a document that is null. */
  InternalRow ofChunk(Chunk chunk) {
    Object[] values = new Object[added()];
    values[0] = chunk == null ? 0 : chunk.index();
    values[1] = chunk == null ? null : chunk.codePointStart();
    values[2] = chunk == null ? null : chunk.codePointEnd();
    return new GenericInternalRow(values);
  }

  /** The added values of a document. */
  InternalRow ofDocument(int chunks) {
    Object[] values = new Object[added()];
    values[values.length - 1] = chunks;
    return new GenericInternalRow(values);
  }

  private int added() {
    return (chunking.mode().chunks() ? 3 : 0) + (chunking.mode().merges() ? 1 : 0);
  }
}
