package io.embark.spark.sql;

import org.apache.spark.QueryContext;
import org.apache.spark.sql.AnalysisException;
import scala.Option;
import scala.collection.immutable.Map$;

/** Refuses a query before it runs, in the way every Spark front end shows as the user's error. */
final class SqlRefusal {
  private SqlRefusal() {}

  /**
   * Throws an {@link AnalysisException}. It is a checked exception that Scala code throws anywhere;
   * the methods of Spark that we override do not declare it.
   *
   * @return never; lets callers write {@code throw refuse(...)}
   */
  static RuntimeException refuse(String message) {
    return refuse(message, null);
  }

  /** As above, with what went wrong underneath. */
  static RuntimeException refuse(String message, Throwable cause) {
    AnalysisException refusal =
        new AnalysisException(
            message,
            Option.empty(),
            Option.empty(),
            Option.apply(cause),
            Option.empty(),
            Map$.MODULE$.<String, String>empty(),
            new QueryContext[0]);
    throw SqlRefusal.<RuntimeException>undeclared(refusal);
  }

  @SuppressWarnings("unchecked")
  private static <E extends Throwable> E undeclared(Throwable thrown) throws E {
    throw (E) thrown;
  }
}
