package io.embark.onnx.graph;

import io.embark.pooling.Layers;
import java.util.Objects;

/** The token states themselves, {@code [B, L, H]} float32, whatever lies at padding included. */
public record TokenStatesOutput(String name, Layers layers) implements GraphOutput {
  public TokenStatesOutput {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(layers, "layers");
  }
}
