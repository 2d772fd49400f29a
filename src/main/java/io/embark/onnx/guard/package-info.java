/**
 * What is checked of an ONNX graph before the native library gets it, and mended where that can be.
 * It sees ONNX's protobuf classes, and no session.
 */
package io.embark.onnx.guard;
