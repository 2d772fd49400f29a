package io.embark.spark;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Dataset$;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.AttributeReference;
import org.apache.spark.sql.catalyst.expressions.CreateNamedStruct;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.GetStructField;
import org.apache.spark.sql.catalyst.expressions.Literal$;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.plans.logical.DeserializeToObject;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.MapPartitions;
import org.apache.spark.sql.catalyst.plans.logical.SerializeFromObject;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import scala.Function1;
import scala.Option;
import scala.collection.Iterator;

/**
 * {@code Dataset.mapPartitions} on rows as Spark holds them. The object that Spark would make of a
 * row is here the row itself, as one struct, so that no column is converted to Java and back.
 *
 * <p>Made of Spark's own plan nodes, which every session knows how to plan.
 */
final class InternalRows {
  private InternalRows() {}

  /**
   * The rows that {@code work} makes of each partition.
   *
   * @param result their schema; metadata of its fields is kept
   * @param work serialisable; gets rows that hold all columns of {@code rows} and may be the same
   *     object every time, and may itself hand out one object again and again
   */
  @SuppressWarnings("unchecked")
  static Dataset<Row> mapPartitions(
      Dataset<Row> rows,
      StructType result,
      Function1<Iterator<InternalRow>, Iterator<InternalRow>> work) {
    LogicalPlan child = rows.logicalPlan();
    Expression read = struct(ScalaSeq.toJava(child.output()));
    Function1<?, ?> untyped = work;
    MapPartitions mapped =
        new MapPartitions(
            (Function1<Iterator<Object>, Iterator<Object>>) untyped,
            row(result),
            new DeserializeToObject(read, row(read.dataType()), child));
    return Dataset$.MODULE$.ofRows(
        rows.sparkSession(),
        new SerializeFromObject(
            ScalaSeq.of(fields(mapped.outputObjAttr(), result.fields())), mapped));
  }

  private static Expression struct(List<Attribute> columns) {
    List<Expression> namesAndValues = new ArrayList<>();
    for (Attribute column : columns) {
      namesAndValues.add(Literal$.MODULE$.apply(column.name()));
      namesAndValues.add(column);
    }
    return new CreateNamedStruct(ScalaSeq.of(namesAndValues));
  }

  private static Attribute row(DataType type) {
    return new AttributeReference(
        "row",
        type,
        false,
        Metadata.empty(),
        NamedExpression.newExprId(),
        ScalaSeq.<String>of(List.of()));
  }

  private static List<NamedExpression> fields(Attribute row, StructField[] fields) {
    List<NamedExpression> columns = new ArrayList<>();
    for (int i = 0; i < fields.length; i++) {
      columns.add(
          new Alias(
              new GetStructField(row, i, Option.apply(fields[i].name())),
              fields[i].name(),
              NamedExpression.newExprId(),
              ScalaSeq.<String>of(List.of()),
              Option.apply(fields[i].metadata()),
              ScalaSeq.<String>of(List.of())));
    }
    return columns;
  }
}
