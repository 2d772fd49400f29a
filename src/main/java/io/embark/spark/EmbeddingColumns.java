package io.embark.spark;

import io.embark.embed.Embedding;
import io.embark.embed.Setting;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.ml.attribute.AttributeGroup;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.MetadataBuilder;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * The columns an embedding adds to a row: the vector and the account of the text.
 *
 * @param vector name of the vector column
 * @param prefix put before the names of the other columns, so that two embeddings can stand side by
 *     side
 */
record EmbeddingColumns(String vector, String prefix, OutputType type) implements Serializable {
  /** Key of our own part of the vector column's metadata. */
  static final String METADATA_KEY = "embark";

  private static final int ADDED = 5;

  String tokenCount() {
    return prefix + "token_count";
  }

  String tokensUsed() {
    return prefix + "tokens_used";
  }

  String truncated() {
    return prefix + "truncated";
  }

  String status() {
    return prefix + "status";
  }

  /**
   * The schema with the added columns at its end.
   *
   * @throws IllegalArgumentException if a name is taken
   */
  StructType addTo(StructType schema, ModelFacts facts) {
    List<StructField> fields = new ArrayList<>(List.of(schema.fields()));
    for (StructField added : added(facts)) {
      for (StructField present : fields) {
        if (present.name().equalsIgnoreCase(added.name())) {
          throw new IllegalArgumentException(
              ("There is a column '%s' already, which embedding would add. Rename or drop it, or set"
                      + " outputCol (for the vector) or accountPrefix (for the others).")
                  .formatted(present.name()));
        }
      }
      fields.add(added);
    }
    return new StructType(fields.toArray(StructField[]::new));
  }

  private List<StructField> added(ModelFacts facts) {
    return List.of(
        new StructField(vector, type.dataType(), true, metadata(facts)),
        field(tokenCount(), DataTypes.IntegerType),
        field(tokensUsed(), DataTypes.IntegerType),
        field(truncated(), DataTypes.BooleanType),
        field(status(), DataTypes.StringType));
  }

  private static StructField field(String name, DataType type) {
    return new StructField(name, type, false, Metadata.empty());
  }

  /** MLlib's own size attribute, and what made the vectors. */
  private Metadata metadata(ModelFacts facts) {
    MetadataBuilder made = new MetadataBuilder();
    made.putString("model", facts.config().text(Setting.MODEL));
    made.putString("fingerprint", facts.fingerprint());
    made.putString("pooling", facts.config().text(Setting.POOLING));
    made.putString("poolingFrom", facts.config().origin(Setting.POOLING));
    made.putString("normalize", facts.config().text(Setting.NORMALIZE));
    made.putString("prompt", facts.config().text(Setting.PROMPT));
    made.putLong("maxLength", facts.config().get(Setting.MAX_LENGTH));
    made.putLong("dimension", facts.dimension());
    Metadata ours = new MetadataBuilder().putMetadata(METADATA_KEY, made.build()).build();
    return new AttributeGroup(vector, facts.dimension()).toMetadata(ours);
  }

  /** The row with the added values at its end. */
  Row append(Row row, Embedding embedding) {
    int present = row.size();
    Object[] values = new Object[present + ADDED];
    for (int i = 0; i < present; i++) {
      values[i] = row.get(i);
    }
    float[] floats = embedding.vector();
    values[present] = floats == null ? null : type.value(floats);
    values[present + 1] = embedding.tokenCount();
    values[present + 2] = embedding.tokensUsed();
    values[present + 3] = embedding.truncated();
    values[present + 4] = embedding.status().name();
    return RowFactory.create(values);
  }
}
