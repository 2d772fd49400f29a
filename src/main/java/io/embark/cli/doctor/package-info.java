/**
 * Checks of the driver and every executor, and a plan of a run from what they measure. It sees
 * {@code cli}, {@code cli.embed} and {@code spark}.
 */
package io.embark.cli.doctor;
