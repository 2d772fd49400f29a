/**
 * The files of a model directory and what they say of pooling, modules behind it, length and
 * prompts; weights in safetensors files. It sees {@code json}, {@code token}, {@code pooling},
 * {@code vector} and {@code onnx.graph}.
 */
package io.embark.model;
