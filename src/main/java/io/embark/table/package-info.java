/**
 * Tables of Parquet files with versions: staging in slices, publication, lock, and the differences
 * between an input and a table. It sees {@code post}, {@code spark.column}, {@code spark.parquet}
 * and Hadoop's {@code FileSystem}.
 */
package io.embark.table;
