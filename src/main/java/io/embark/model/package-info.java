/**
 * The files of a model directory and what they say of pooling, normalisation, length and prompts;
 * weights in safetensors files. It sees {@code pooling} and {@code vector}.
 */
package io.embark.model;
