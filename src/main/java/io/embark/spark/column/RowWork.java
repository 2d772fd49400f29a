package io.embark.spark.column;

import java.io.Serializable;
import java.util.Iterator;
import org.apache.spark.sql.catalyst.InternalRow;

/** Work on the rows of one partition, on an executor. */
public interface RowWork extends Serializable {

  /**
   * The rows that come of {@code rows}.
   *
   * @param rows at least one; each is an object of its own and may be kept
   * @return may hand out one object again and again
   */
  Iterator<InternalRow> over(Iterator<InternalRow> rows);
}
