package io.embark.spark.column;

import io.embark.spark.catalyst.ScalaSeq;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Dataset$;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.AttributeReference;
import org.apache.spark.sql.catalyst.expressions.CreateStruct$;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.GetStructField;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.MapPartitions;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import scala.Option;
import scala.collection.JavaConverters;
import scala.runtime.AbstractFunction1;

/**
 * {@code Dataset.mapPartitions} on rows as Spark holds them, made of Spark's own plan nodes. The
 * object that Spark would make of a row is here the row itself, as one struct, so that no column is
 * converted to Java and back.
 */
public final class InternalRows {
  private static final String ROW = "row";

  private InternalRows() {}

  /** Work on the rows of one partition, on an executor. */
  public interface Work extends Serializable {

    /**
     * The rows that come of some, of which there is at least one; each is an object of its own and
     * may be kept. Those returned may be one object again and again.
     */
    Iterator<InternalRow> over(Iterator<InternalRow> rows);
  }

  /**
   * The rows that {@code work} makes of each partition, with the metadata of the result's fields.
   * It is not called for an empty partition, which must not load a model.
   */
  public static Dataset<Row> mapPartitions(Dataset<Row> rows, StructType result, Work work) {
    LogicalPlan child = rows.logicalPlan();
    Alias whole =
        alias(
            CreateStruct$.MODULE$.apply(ScalaSeq.of(ScalaSeq.toJava(child.output()))),
            ROW,
            Metadata.empty());
    Attribute made =
        new AttributeReference(
            ROW, result, false, Metadata.empty(), NamedExpression.newExprId(), ScalaSeq.of());
    MapPartitions mapped =
        new MapPartitions(new OnPartition(work), made, new Project(ScalaSeq.of(whole), child));
    // Not SerializeFromObject: what Spark prunes inside of that, it takes to be made field by
    // field.
    return Dataset$.MODULE$.ofRows(
        rows.sparkSession(), new Project(ScalaSeq.of(fields(made, result.fields())), mapped));
  }

  /**
   * The rows that a plan of {@link #mapPartitions} works on, whose columns every work so far hands
   * up before its own; null for another plan.
   */
  public static LogicalPlan before(LogicalPlan plan) {
    return plan instanceof Project project
            && project.child() instanceof MapPartitions mapped
            && mapped.func() instanceof OnPartition
        ? mapped.child().children().head()
        : null;
  }

  /** The string in a column; null where there is none. */
  public static String text(InternalRow row, int column) {
    return row.isNullAt(column) ? null : row.getUTF8String(column).toString();
  }

  /** The work as Spark's plan node takes it: on objects. */
  private static final class OnPartition
      extends AbstractFunction1<
          scala.collection.Iterator<Object>, scala.collection.Iterator<Object>>
      implements Serializable {
    private static final long serialVersionUID = 1;

    private final Work work;

    OnPartition(Work work) {
      this.work = work;
    }

    @Override
    public scala.collection.Iterator<Object> apply(scala.collection.Iterator<Object> partition) {
      if (!partition.hasNext()) {
        return partition;
      }
      // Work reads ahead, and Spark's iterators hand out one row object again and again.
      Iterator<InternalRow> rows =
          JavaConverters.asJavaIterator(partition.map(row -> ((InternalRow) row).copy()));
      return JavaConverters.asScalaIterator(work.over(rows)).map(row -> row);
    }
  }

  private static List<NamedExpression> fields(Attribute row, StructField[] fields) {
    List<NamedExpression> columns = new ArrayList<>();
    for (int i = 0; i < fields.length; i++) {
      columns.add(
          alias(
              new GetStructField(row, i, Option.apply(fields[i].name())),
              fields[i].name(),
              fields[i].metadata()));
    }
    return columns;
  }

  private static Alias alias(Expression value, String name, Metadata metadata) {
    return (Alias) new Column(value).as(name, metadata).expr();
  }
}
