package io.embark.spark.metrics;

/** What is counted of each task that embeds. */
enum TaskCounter {
  /** Items read: rows, or chunks where texts are cut into chunks. */
  ROWS,
  /** Texts that the model embedded. */
  TEXTS,
  /** Rows read that have no text for the model: null, blank, or equal to one that it gets. */
  WITHOUT_MODEL,
  /** Texts that equal another of their buffer, whose vector they got. */
  REPEATED,
  /** Texts that the model failed on. */
  FAILED,
  /** Tokens that the model saw, padding not counted. */
  TOKENS,
  /** The same with padding. */
  PADDED_TOKENS,
  BATCHES,
  /** Batches that did not fit into memory and were halved. */
  HALVINGS,
  READ_NANOS,
  TOKENIZE_NANOS,
  /** The task had nothing to do but wait for the model. */
  WAIT_NANOS,
  /** In the model and pooling, by a thread beside the task's. */
  MODEL_NANOS,
  /** From when the task began to when it ended. */
  TASK_NANOS,
  /** Tasks that embedded anything. */
  TASKS,
  /** Tasks on a CPU because device is auto and no GPU was found. */
  CPU_FOR_WANT_OF_GPU;

  static final int COUNT = values().length;
}
