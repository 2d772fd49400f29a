/**
 * Spark's Parquet format with vectors written in bulk and rows counted in each file's footer. It
 * sees {@code embed} and {@code vector}.
 */
package io.embark.spark.parquet;
