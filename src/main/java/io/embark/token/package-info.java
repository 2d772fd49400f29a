/**
 * Text to token ids, by a {@code tokenizer.json}. The only package that sees the tokenizer library,
 * {@code ai.djl}; of Embark it sees {@code natives}.
 */
package io.embark.token;
