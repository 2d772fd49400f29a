/**
 * Static models: the mean of rows of a matrix, without a graph and without ONNX Runtime. It sees
 * {@code batch}, {@code pooling} and {@code model}, and of {@code onnx} and {@code onnx.graph} what
 * every encoder has.
 */
package io.embark.staticmodel;
