package io.embark.testing;

import io.embark.pooling.Pooling;
import java.util.EnumSet;

/** The poolings that BERT as usually exported can give: it has a pooler and no finished vector. */
public final class Poolings {
  private Poolings() {}

  public static Pooling[] ofBert() {
    return EnumSet.complementOf(EnumSet.of(Pooling.SENTENCE_EMBEDDING)).toArray(Pooling[]::new);
  }
}
