package io.embark.embed;

import static org.assertj.core.api.Assertions.assertThat;

import io.embark.testing.kinds.ModelKinds;
import java.util.ArrayList;
import java.util.List;

/** Vectors compared with those of the reference library. */
final class Vectors {
  private Vectors() {}

  /** Fails with every text whose vector differs, and by how much. */
  static void requireEqual(List<String> texts, float[][] vectors, float[][] wanted) {
    List<String> wrong = new ArrayList<>();
    assertThat(vectors.length).isEqualTo(wanted.length);
    for (int t = 0; t < wanted.length; t++) {
      assertThat(vectors[t]).as("values for '%s'", shown(texts.get(t))).hasSameSizeAs(wanted[t]);
      float most = 0;
      for (int h = 0; h < wanted[t].length; h++) {
        float difference = Math.abs(vectors[t][h] - wanted[t][h]);
        most = Float.isNaN(difference) ? Float.POSITIVE_INFINITY : Math.max(most, difference);
      }
      if (most > ModelKinds.TOLERANCE) {
        wrong.add("%s by %.2g".formatted(shown(texts.get(t)), most));
      }
    }
    assertThat(wrong).as("texts whose vectors differ").isEmpty();
  }

  private static String shown(String text) {
    return text.length() > 40 ? text.substring(0, 40) + ".." : text;
  }
}
