/**
 * Checks of all machines, and a plan. It sees {@code cli}, {@code cli.embed}, {@code spark}, {@code
 * spark.wire}.
 */
package io.embark.cli.doctor;
