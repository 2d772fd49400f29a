package io.embark.embed;

/**
 * What the model made of one text.
 *
 * @param vectors one per name in {@link Embedder#vectorNames()}
 * @param tokenStates the state of every token the model saw, {@code [tokens][hiddenSize]}, special
 *     tokens and prompt included; null unless asked for
 */
record Encoded(float[][] vectors, float[][] tokenStates) {}
