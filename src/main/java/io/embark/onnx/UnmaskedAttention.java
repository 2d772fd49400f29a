package io.embark.onnx;

import ai.onnxruntime.OrtException;
import io.embark.UserError;
import io.embark.onnx.graph.MaskRemoval;
import io.embark.onnx.graph.PooledModel;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Drops attention masks that do nothing without padding, which it finds by computing them up to the
 * longest text that the session will see: a mask that keeps distant tokens apart does nothing for
 * shorter ones.
 */
final class UnmaskedAttention {
  /** Tokens of the texts that masks are computed for. Which tokens they are changes no mask. */
  private static final int SHORT = 5;

  /**
   * Of a mask of all pairs of tokens, which takes 256 MiB at this length, and as much for each step
   * on the way to it.
   */
  private static final int LONGEST_OF_PAIRS = 8192;

  private UnmaskedAttention() {}

  /**
   * A model that is right for batches without padding only, if attention is recognised.
   *
   * @param longest tokens of the longest text; a mask of all pairs of more than {@value
   *     #LONGEST_OF_PAIRS} stays
   */
  static Optional<PooledModel> of(PooledModel model, int longest) {
    Optional<MaskRemoval> found = MaskRemoval.of(model);
    if (found.isEmpty()) {
      return Optional.empty();
    }
    MaskRemoval removal = found.get();
    Set<String> idle = new HashSet<>(removal.masks());
    Set<String> ofPairs = new HashSet<>();
    try {
      try (TextSession session = TextSession.open(removal.sizesAndLargest(idle))) {
        Map<String, float[]> once = session.run(new long[SHORT]);
        Map<String, float[]> twice = session.run(new long[2 * SHORT]);
        for (String mask : removal.masks()) {
          if (once.get(mask)[1] != 0 || twice.get(mask)[1] != 0) {
            idle.remove(mask);
          } else if (twice.get(mask)[0] > 2 * once.get(mask)[0]) {
            ofPairs.add(mask);
          }
        }
      }
      if (longest > LONGEST_OF_PAIRS) {
        idle.removeAll(ofPairs);
      }
      if (!idle.isEmpty()) {
        keepIdle(removal, idle, longest);
      }
    } catch (OrtException e) {
      throw new UserError("ONNX Runtime cannot measure it: " + e.getMessage(), e);
    }
    return removal.without(idle);
  }

  private static void keepIdle(MaskRemoval removal, Set<String> idle, int longest)
      throws OrtException {
    try (TextSession session = TextSession.open(removal.sizesAndLargest(idle))) {
      Map<String, float[]> found = ofLongest(session, longest);
      idle.removeIf(mask -> found.get(mask)[1] != 0);
    }
  }

  /** Of the longest text that the graph takes: it may have positions for fewer. */
  private static Map<String, float[]> ofLongest(TextSession session, int longest)
      throws OrtException {
    Map<String, float[]> found;
    int runs = SHORT;
    int fails = longest;
    try {
      return session.run(new long[longest]);
    } catch (OrtException e) {
      found = session.run(new long[runs]);
    }
    while (fails - runs > 1) {
      int between = (runs + fails) / 2;
      try {
        found = session.run(new long[between]);
        runs = between;
      } catch (OrtException e) {
        fails = between;
      }
    }
    return found;
  }
}
