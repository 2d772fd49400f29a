/**
 * The SQL functions: expressions, the operator that embeds in batches, and the rules that place it
 * and guard comparisons. It sees the packages of {@code spark} before it.
 */
package io.embark.spark.sql;
