/**
 * Text to token ids, by a {@code tokenizer.json}. It sees {@code natives} and {@code json}, and is
 * the only package that sees the tokenizer library, {@code ai.djl}.
 */
package io.embark.token;
