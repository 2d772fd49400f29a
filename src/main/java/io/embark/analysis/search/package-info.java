/** The rows of a table nearest to query vectors, exactly and distributed. It sees {@code spark}. */
package io.embark.analysis.search;
