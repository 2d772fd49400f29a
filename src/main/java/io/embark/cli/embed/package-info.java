/**
 * The embed job: the gate for its input, the plan of a run, and its publishers to Parquet and to
 * catalog tables. It sees {@code cli}, {@code table} and {@code spark}.
 */
package io.embark.cli.embed;
