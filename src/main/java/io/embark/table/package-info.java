/**
 * Tables of Parquet files with versions: staging in slices, publication, lock, and the differences
 * between an input and a table. It sees {@code spark}, {@code post} and Hadoop's {@code
 * FileSystem}.
 */
package io.embark.table;
