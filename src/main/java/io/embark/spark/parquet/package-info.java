/**
 * Spark's Parquet format with vectors written in bulk and rows counted in each file's footer. It
 * sees Spark and parquet-mr.
 */
package io.embark.spark.parquet;
