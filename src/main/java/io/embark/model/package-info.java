/**
 * The files of a model directory and what they say of pooling, normalisation, length and prompts.
 * It sees {@code pooling}.
 */
package io.embark.model;
