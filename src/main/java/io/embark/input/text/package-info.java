/**
 * Readers of JSON, CSV, TSV and plain text that give what stands in the file, or refuse it with the
 * place. It sees {@code input.gate} and {@code spark.catalyst}.
 */
package io.embark.input.text;
