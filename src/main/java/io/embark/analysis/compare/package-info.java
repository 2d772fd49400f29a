/**
 * Poolings measured on a user's own texts. It sees {@code spark}, {@code spark.wire} and {@code
 * analysis.measure}.
 */
package io.embark.analysis.compare;
