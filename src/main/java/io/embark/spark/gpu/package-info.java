/**
 * The GPU that Spark gave a task, and plan nodes that ask for GPUs for one stage. It sees {@code
 * spark.catalyst}.
 */
package io.embark.spark.gpu;
