package io.embark.spark.column;

import io.embark.UserError;
import io.embark.embed.Embedding;
import io.embark.embed.Setting;
import io.embark.embed.VectorProvenance;
import io.embark.spark.executor.ModelFacts;
import io.embark.vector.Int8Ranges;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.ml.attribute.AttributeGroup;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.catalyst.util.GenericArrayData;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.unsafe.types.UTF8String;

/**
 * The columns an embedding adds to a row: the vector and the account of the text.
 *
 * @param vector name of the vector column; with several vectors, what their names begin with
 * @param prefix put before the names of the other columns
 * @param ranges of each vector for {@link OutputType#INT8}, else empty
 */
public record EmbeddingColumns(
    String vector, String prefix, OutputType type, List<Int8Ranges> ranges)
    implements Serializable {
  /** A float for each value of the state of each token. */
  private static final DataType STATES =
      DataTypes.createArrayType(DataTypes.createArrayType(DataTypes.FloatType, false), false);

  /**
   * @throws UserError if a name is taken
   */
  public StructType addTo(StructType schema, ModelFacts facts) {
    requireRanges(facts);
    List<StructField> fields = new ArrayList<>(List.of(schema.fields()));
    for (StructField added : added(facts)) {
      Columns.add(
          fields,
          added,
          "embedding",
          "--output-col (outputCol) for the vector, or --account-prefix (accountPrefix) for the"
              + " others");
    }
    return new StructType(fields.toArray(StructField[]::new));
  }

  private void requireRanges(ModelFacts facts) {
    if (type != OutputType.INT8) {
      return;
    }
    List<Integer> found = ranges.stream().map(r -> r.min().length).toList();
    if (!found.equals(facts.dimensions())) {
      throw new UserError(
          ("Output type int8 needs int8Ranges for vectors of %s values, found %s. Let"
                  + " calibrate(sample) find them.")
              .formatted(facts.dimensions(), ranges.isEmpty() ? "none" : found));
    }
  }

  private List<StructField> added(ModelFacts facts) {
    List<StructField> fields = new ArrayList<>();
    for (String name : vectorNames(facts)) {
      fields.add(
          new StructField(name, type.dataType(), true, metadata(name, facts, fields.size())));
    }
    if (facts.config().get(Setting.TOKEN_STATES)) {
      fields.add(new StructField(prefix + "token_states", STATES, true, Metadata.empty()));
    }
    fields.add(field("token_count", DataTypes.IntegerType));
    fields.add(field("tokens_used", DataTypes.IntegerType));
    fields.add(field("truncated", DataTypes.BooleanType));
    fields.add(field("unknown_token_ratio", DataTypes.FloatType));
    fields.add(field("status", DataTypes.StringType));
    return fields;
  }

  /** The names of the vector columns: {@code embedding}, or {@code embedding_mean} and so on. */
  public List<String> vectorNames(ModelFacts facts) {
    return facts.vectorNames().size() == 1
        ? List.of(vector)
        : facts.vectorNames().stream().map(name -> vector + "_" + name).toList();
  }

  private StructField field(String name, DataType type) {
    return new StructField(prefix + name, type, false, Metadata.empty());
  }

  /** MLlib's own size attribute, and what made the vectors. */
  private Metadata metadata(String column, ModelFacts facts, int index) {
    int dimension = facts.dimensions().get(index);
    VectorProvenance made =
        VectorProvenance.of(
                facts.config(), facts.fingerprint(), facts.vectorNames().get(index), dimension)
            .stored(type.label(), rangesOf(index));
    return new AttributeGroup(column, dimension)
        .toMetadata(ColumnProvenance.with(Metadata.empty(), made));
  }

  private Int8Ranges rangesOf(int vector) {
    return type == OutputType.INT8 ? ranges.get(vector) : null;
  }

  /** The values of the added columns for one row, as Spark holds them. */
  InternalRow values(Embedding embedding, int vectors, boolean states) {
    List<Object> values = new ArrayList<>();
    for (int i = 0; i < vectors; i++) {
      float[] floats = embedding.vector(i);
      values.add(floats == null ? null : type.value(floats, rangesOf(i)));
    }
    if (states) {
      values.add(arrays(embedding.tokenStates()));
    }
    values.add(embedding.tokenCount());
    values.add(embedding.tokensUsed());
    values.add(embedding.truncated());
    values.add((float) embedding.unknownTokenRatio());
    values.add(UTF8String.fromString(embedding.statusText()));
    return new GenericInternalRow(values.toArray());
  }

  private static ArrayData arrays(float[][] rows) {
    if (rows == null) {
      return null;
    }
    return new GenericArrayData(
        Arrays.stream(rows).map(UnsafeArrayData::fromPrimitiveArray).toArray());
  }
}
