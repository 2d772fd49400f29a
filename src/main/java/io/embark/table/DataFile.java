package io.embark.table;

/**
 * A Parquet file of a table. It never changes.
 *
 * @param name relative to the table's directory
 * @param bytes its length
 * @param rows how many it holds, -1 where nobody counted
 * @param run the run that wrote it, or null if it was there before Embark kept records
 */
public record DataFile(String name, long bytes, long rows, String run) {}
