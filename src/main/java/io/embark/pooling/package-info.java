/**
 * The formulas that make one vector of a text's token states, over which layers, and its
 * normalisation: the definition that the nodes in {@code onnx.graph} are held to. It sees the JDK
 * only.
 */
package io.embark.pooling;
