/**
 * A model's dense layers rewritten to 8-bit integers, with ranges found on calibration texts. It
 * sees {@code onnx.graph}; the sessions to measure with are handed to it.
 */
package io.embark.onnx.int8;
