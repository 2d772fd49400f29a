package io.embark.pooling;

import io.embark.Choice;

/** Whether pooled vectors go through the layers that a model has behind its pooling. */
public enum Modules implements Choice {
  /** As the model does. */
  MODEL,
  NONE
}
