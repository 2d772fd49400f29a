/**
 * Readers of JSON, CSV, TSV and plain text that give what stands in the file, or refuse it with the
 * place. It sees {@code input.gate}, {@code spark.catalyst} and {@code spark.wire}.
 */
package io.embark.input.text;
