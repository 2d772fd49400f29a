package io.embark.onnx;

import ai.onnxruntime.OrtException;
import io.embark.UserError;
import io.embark.onnx.graph.MaskRemoval;
import io.embark.onnx.graph.PooledModel;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/** Drops attention masks that do nothing without padding, which it finds by computing them. */
final class UnmaskedAttention {
  /** Tokens of the texts that masks are computed for. Which tokens they are changes no mask. */
  private static final int SHORT = 5;

  /** A mask that keeps distant tokens apart does nothing for a short text. */
  private static final int LONG = 512;

  private UnmaskedAttention() {}

  /** A model that is right for batches without padding only, if attention is recognised. */
  static Optional<PooledModel> of(PooledModel model) {
    Optional<MaskRemoval> removal = MaskRemoval.of(model);
    if (removal.isEmpty()) {
      return Optional.empty();
    }
    Set<String> idle = new HashSet<>();
    try (TextSession session = TextSession.open(removal.get().masks())) {
      Map<String, float[]> ofShort = session.run(new long[SHORT]);
      Map<String, float[]> ofLong = ofLongText(session);
      idle.addAll(ofShort.keySet());
      idle.removeIf(mask -> !isZero(ofShort.get(mask)) || !isZero(ofLong.get(mask)));
    } catch (OrtException e) {
      throw new UserError("ONNX Runtime cannot measure it: " + e.getMessage(), e);
    }
    return removal.get().without(idle);
  }

  /** Retries with shorter texts: a mask's size may be that of the positions, which are limited. */
  private static Map<String, float[]> ofLongText(TextSession session) throws OrtException {
    for (int length = LONG; ; length /= 2) {
      try {
        return session.run(new long[length]);
      } catch (OrtException e) {
        if (length <= SHORT) {
          throw e;
        }
      }
    }
  }

  private static boolean isZero(float[] values) {
    return IntStream.range(0, values.length).allMatch(i -> values[i] == 0);
  }
}
