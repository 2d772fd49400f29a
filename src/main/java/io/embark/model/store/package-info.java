/**
 * Models brought to this host from wherever they lie: built-in, Hadoop file systems, archives, what
 * Spark distributed; copied once, under locks, into a cache. It sees {@code model} and Hadoop's
 * {@code FileSystem}.
 */
package io.embark.model.store;
