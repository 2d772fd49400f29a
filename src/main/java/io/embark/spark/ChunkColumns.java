package io.embark.spark;

import io.embark.embed.Setting;
import io.embark.text.Chunk;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.MetadataBuilder;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * The columns that chunking adds behind those of an embedding: of chunks {@code chunk_index},
 * {@code chunk_start} and {@code chunk_end}, of documents {@code chunks}, how many they have.
 * Positions count code points, as Spark's own {@code substring} does.
 *
 * @param prefix put before their names
 * @param textIndex where the column of texts stands
 */
record ChunkColumns(String prefix, Chunking chunking, int textIndex) implements Serializable {
  static final String INDEX = "chunk_index";
  static final String START = "chunk_start";
  static final String END = "chunk_end";
  static final String CHUNKS = "chunks";

  /** Key in our metadata of a vector column. */
  static final String METADATA = "chunk";

  /**
   * The schema with the columns added.
   *
   * @throws IllegalArgumentException if a name is taken
   */
  StructType addTo(StructType schema) {
    List<StructField> fields = new ArrayList<>(List.of(schema.fields()));
    if (chunking.mode().chunks()) {
      StructField text = fields.get(textIndex);
      fields.set(textIndex, new StructField(text.name(), text.dataType(), true, text.metadata()));
      add(fields, INDEX, DataTypes.IntegerType);
      add(fields, START, DataTypes.IntegerType);
      add(fields, END, DataTypes.IntegerType);
    }
    if (chunking.mode().merges()) {
      add(fields, CHUNKS, DataTypes.IntegerType);
    }
    return new StructType(fields.toArray(StructField[]::new));
  }

  private void add(List<StructField> fields, String name, DataType type) {
    for (StructField present : fields) {
      if (present.name().equalsIgnoreCase(prefix + name)) {
        throw new IllegalArgumentException(
            ("There is a column '%s' already, which chunking would add. Rename or drop it, or set"
                    + " accountPrefix.")
                .formatted(present.name()));
      }
    }
    fields.add(new StructField(prefix + name, type, true, Metadata.empty()));
  }

  /** Says in the metadata of vector columns how documents were cut. */
  StructType describe(StructType schema, ModelFacts facts) {
    StructField[] fields = schema.fields().clone();
    for (int i = 0; i < fields.length; i++) {
      Metadata metadata = fields[i].metadata();
      if (metadata.contains(EmbeddingColumns.METADATA_KEY)) {
        Metadata ours =
            new MetadataBuilder()
                .withMetadata(metadata.getMetadata(EmbeddingColumns.METADATA_KEY))
                .putString(METADATA, chunking.describe(facts.config().get(Setting.MAX_LENGTH)))
                .build();
        Metadata all =
            new MetadataBuilder()
                .withMetadata(metadata)
                .putMetadata(EmbeddingColumns.METADATA_KEY, ours)
                .build();
        fields[i] =
            new StructField(fields[i].name(), fields[i].dataType(), fields[i].nullable(), all);
      }
    }
    return new StructType(fields);
  }

  /**
   * The row of a chunk.
   *
   * @param chunk null for a document that is null
   */
  Row ofChunk(Row row, Chunk chunk) {
    Object[] values = values(row);
    int next = row.size();
    values[textIndex] = chunk == null || !chunking.keepText() ? null : chunk.text();
    values[next++] = chunk == null ? 0 : chunk.index();
    values[next++] = chunk == null ? null : chunk.codePointStart();
    values[next] = chunk == null ? null : chunk.codePointEnd();
    return RowFactory.create(values);
  }

  /** The row of a document. */
  Row ofDocument(Row row, int chunks) {
    Object[] values = values(row);
    values[values.length - 1] = chunks;
    return RowFactory.create(values);
  }

  private Object[] values(Row row) {
    int added = (chunking.mode().chunks() ? 3 : 0) + (chunking.mode().merges() ? 1 : 0);
    Object[] values = new Object[row.size() + added];
    for (int i = 0; i < row.size(); i++) {
      values[i] = row.get(i);
    }
    return values;
  }
}
