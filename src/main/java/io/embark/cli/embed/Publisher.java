package io.embark.cli.embed;

import io.embark.cli.JobSettings;
import io.embark.table.Receipt;
import io.embark.table.StagedRun;
import io.embark.table.TableDirectory;
import io.embark.table.TableLock;
import java.io.IOException;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * The target of one embed run, which takes it from one version to the next. {@link EmbedRun} calls
 * the methods in the order in which they stand here.
 */
interface Publisher extends AutoCloseable {
  /** The target that the settings name; a mode that cannot deal with it is refused. */
  static Publisher of(SparkSession spark, JobSettings settings) throws IOException {
    return settings.isSet(EmbedSettings.TABLE)
        ? new CatalogPublisher(spark, settings)
        : new ParquetPublisher(spark, settings);
  }

  Path name();

  /** Refuses a plan that the target cannot take, by a {@link io.embark.UserError}. */
  default void require(EmbedPlan plan) throws IOException {}

  /** The directory in which runs take their lock and stage, made if it has to be there. */
  TableDirectory open(EmbedPlan plan) throws IOException;

  /**
   * That this very command was carried out before.
   *
   * @param nowFinished whether it had died while it published
   */
  record Earlier(Receipt receipt, boolean nowFinished) {}

  /**
   * Finishes what a run that died had begun to publish, and looks whether there is nothing left to
   * do.
   *
   * @throws io.embark.UserError if the target cannot take the run
   */
  default Optional<Earlier> recover(EmbedPlan plan, TableLock lock) throws IOException {
    return Optional.empty();
  }

  /** The number of the version that is there, 0 if there is none. */
  long current() throws IOException;

  /**
   * Settles what belongs to the target rather than to the run.
   *
   * @param begun the attempt that is resumed
   * @throws io.embark.UserError if its rows do not go with those of the plan
   */
  EmbedPlan settle(EmbedPlan plan, Optional<StagedRun> begun) throws IOException;

  /**
   * Rows to embed.
   *
   * @param count how many, -1 if they are to be counted
   * @param compared how the input differs from the target; empty if nobody had to know
   * @param nothing whether the target would be the same afterwards
   */
  record Work(Dataset<Row> rows, long count, Optional<String> compared, boolean nothing) {}

  Work work(EmbedPlan plan) throws IOException;

  /** Publishes what was staged, and clears it away. */
  void publish(EmbedPlan plan, TableRun run, TableRun.Staged staged, TableLock lock)
      throws IOException;

  /** The rows that are there now, if they are cheap to look at. */
  default Optional<Dataset<Row>> published() throws IOException {
    return Optional.empty();
  }

  @Override
  void close();
}
