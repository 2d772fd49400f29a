package io.embark.input.gate;

import java.util.Optional;
import org.apache.spark.SparkUpgradeException;

/**
 * Dates from before 1582, and older timestamps, in a file that does not say by which calendar they
 * were written: Spark 2, Hive and Impala counted otherwise, and some days apart.
 */
public final class OldCalendar {
  private OldCalendar() {}

  /** What to do, if that is what a reader complains of. */
  static Optional<String> of(Throwable e) {
    if (!(e instanceof SparkUpgradeException)) {
      return Optional.empty();
    }
    boolean int96 = String.valueOf(e.getMessage()).contains("int96");
    return Optional.of(
        ("it holds dates from before 1582 or timestamps from before 1900 and does not say by which"
                + " calendar; say it with --read-option %1$s=CORRECTED (today's: Spark 3, Arrow,"
                + " pandas, polars, DuckDB) or %1$s=LEGACY (Spark 2, Hive, Impala)")
            .formatted(int96 ? "int96RebaseMode" : "datetimeRebaseMode"));
  }
}
