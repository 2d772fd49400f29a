/**
 * Counters of what tasks embed: for a run's account, for Spark's metrics system. It sees {@code
 * embed} and {@code batch}.
 */
package io.embark.spark.metrics;
