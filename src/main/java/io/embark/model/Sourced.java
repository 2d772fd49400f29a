package io.embark.model;

/**
 * A value and where it was found.
 *
 * @param source a file of the model, for example {@code 1_Pooling/config.json}
 */
public record Sourced<T>(T value, String source) {}
