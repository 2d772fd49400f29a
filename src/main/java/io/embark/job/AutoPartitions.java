package io.embark.job;

import io.embark.embed.EmbedderConfig;
import io.embark.embed.Setting;
import io.embark.onnx.Device;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code --partitions auto}: rows spread so that no task is left working when all others are done.
 */
final class AutoPartitions {
  private static final Logger LOG = LoggerFactory.getLogger(AutoPartitions.class);

  private AutoPartitions() {}

  /**
   * Looks at how much text each split holds and splits anew if that pays.
   *
   * @param config resolved: knows the maximum length
   * @param columnar whether one column can be read without the others
   * @param ownStage whether embedding must begin with a shuffle, to be a stage of its own
   */
  static Dataset<Row> spread(
      Dataset<Row> rows,
      String textCol,
      EmbedderConfig config,
      boolean columnar,
      boolean ownStage) {
    SparkContext context = rows.sparkSession().sparkContext();
    int slots = Slots.of(context);
    Column text = rows.col("`" + textCol.replace("`", "``") + "`");
    Column tokens = TextLoads.tokensOf(text, config.get(Setting.MAX_LENGTH));
    context.setJobDescription("Embark: how much text there is in each split");
    long start = System.nanoTime();
    TextLoads loads = TextLoads.of(rows, tokens, columnar, slots);
    PartitionPlan plan = PartitionPlan.of(loads.tokens(), slots, taskSize(context, config));
    LOG.info(
        "Partitions: {} ({}, {} ms)",
        plan.reason(),
        loads.byRow() ? "every text was measured" : "guessed from the sizes of files",
        (System.nanoTime() - start) / 1_000_000);
    return switch (plan.step()) {
      case KEEP -> ownStage ? rows.repartition(rows.rdd().getNumPartitions()) : rows;
      case JOIN -> ownStage ? rows.repartition(plan.tasks()) : rows.coalesce(plan.tasks());
      case CUT ->
          loads.byRow() && TextLoads.inFixedOrder(rows)
              ? EvenCut.cut(rows, tokens, loads.tokens(), plan.tasks())
              // Spark sorts rows before it deals them out, so that a second try deals alike.
              : rows.repartition(plan.tasks());
    };
  }

  /** How much work a task should be on the device that is asked for. */
  static TaskSize taskSize(SparkContext context, EmbedderConfig config) {
    Device device = config.get(Setting.DEVICE);
    int tasksPerGpu = Slots.tasksPerGpu(context.getConf());
    boolean gpu = device.needsGpu() || device == Device.AUTO && tasksPerGpu > 0;
    return gpu ? TaskSize.ofGpu(tasksPerGpu) : TaskSize.ofCpu();
  }
}
