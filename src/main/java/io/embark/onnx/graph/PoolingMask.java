package io.embark.onnx.graph;

/** Which tokens of a text are summed, averaged or searched for a maximum. */
public enum PoolingMask {
  /** Every token the model attends to, {@code [CLS]}, {@code [SEP]} and a prompt included. */
  ATTENTION,
  /**
   * Those that the caller marks in a further int64 input {@link PooledGraph#POOLING_MASK}, {@code
   * [B, L]}: without special tokens, without a prompt. {@code CLS} and {@code LAST_TOKEN} are not
   * affected, they name a position of the text as the model sees it.
   */
  SEPARATE
}
