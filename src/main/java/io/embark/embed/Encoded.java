package io.embark.embed;

/**
 * What the model made of one text.
 *
 * @param vectors one per name in {@link Embedder#vectorNames()}; null if it failed
 * @param tokenStates the state of every token the model saw, {@code [tokens][hiddenSize]}, special
 *     tokens and prompt included; null unless asked for
 * @param failure why there are no vectors; null if there are
 */
record Encoded(float[][] vectors, float[][] tokenStates, String failure) {
  static Encoded failed(String reason) {
    return new Encoded(null, null, reason);
  }

  /** Whether no value is NaN or infinite. */
  boolean isFinite() {
    return isFinite(vectors) && (tokenStates == null || isFinite(tokenStates));
  }

  private static boolean isFinite(float[][] vectors) {
    for (float[] vector : vectors) {
      for (float value : vector) {
        if (!Float.isFinite(value)) {
          return false;
        }
      }
    }
    return true;
  }
}
