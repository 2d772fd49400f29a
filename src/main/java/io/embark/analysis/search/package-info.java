/**
 * The rows of a table nearest to query vectors, exactly and distributed. It sees {@code spark} and
 * {@code spark.wire}.
 */
package io.embark.analysis.search;
