/**
 * Reading and editing of ONNX graphs: which outputs and layers there are, poolings added as nodes,
 * attention without a mask. It sees {@code pooling} and ONNX's protobuf classes, and no session.
 */
package io.embark.onnx.graph;
