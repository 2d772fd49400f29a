package io.embark.onnx.graph;

import io.embark.pooling.Layers;

/** Something that a session is asked to return: a vector per text, or a vector per token. */
public sealed interface GraphOutput permits PooledOutput, TokenStatesOutput {
  /** The name of the output in the session's result. */
  String name();

  /** The layers it is made of; of several, their mean. */
  Layers layers();
}
