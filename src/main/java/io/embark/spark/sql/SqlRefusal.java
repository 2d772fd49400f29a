package io.embark.spark.sql;

import org.apache.spark.QueryContext;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.unsafe.Platform;
import scala.Option;
import scala.collection.immutable.Map$;

/** Refuses a query before it runs, in the way every Spark front end shows as the user's error. */
final class SqlRefusal {
  private SqlRefusal() {}

  /**
   * Throws an {@link AnalysisException}, which is checked; Scala code throws it without declaring
   * it.
   *
   * @return never; lets callers write {@code throw refuse(...)}
   */
  static RuntimeException refuse(String message) {
    return refuse(message, null);
  }

  static RuntimeException refuse(String message, Throwable cause) {
    Platform.throwException(
        new AnalysisException(
            message,
            Option.empty(),
            Option.empty(),
            Option.apply(cause),
            Option.empty(),
            Map$.MODULE$.<String, String>empty(),
            new QueryContext[0]));
    throw new AssertionError("not reached");
  }
}
