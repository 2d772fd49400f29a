/**
 * The formulas that make one vector of a text's token states, over which layers, the modules that a
 * model has behind its pooling, and normalisation: the definition that the nodes in {@code
 * onnx.graph} are held to. It sees the JDK only.
 */
package io.embark.pooling;
