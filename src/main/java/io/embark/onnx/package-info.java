/**
 * Sessions of ONNX Runtime: the device they run on, their options, and the encoder that takes a
 * batch through the model. It sees {@code onnx.graph}, {@code onnx.int8}, {@code batch} and {@code
 * natives}; it alone sees {@code ai.onnxruntime}.
 */
package io.embark.onnx;
