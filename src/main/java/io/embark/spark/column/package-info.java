/**
 * The columns that embedding adds to a table: their types, their metadata, and the work on one
 * partition that fills them. It sees {@code spark.executor} and what that sees, and {@code
 * spark.wire}.
 */
package io.embark.spark.column;
