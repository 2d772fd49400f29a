package io.embark.embed;

import io.embark.model.ModelDirectory;
import io.embark.model.ModelDirectory.Sourced;
import io.embark.onnx.graph.GraphSignature;
import io.embark.onnx.graph.GraphTraits;
import io.embark.pooling.Pooling;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;

/** The pooling that a model gets if its user names none. */
final class OwnPooling {
  private OwnPooling() {}

  /**
   * What the model's files say; a finished vector where the graph gives one and the files say
   * nothing, where it gives nothing else, or where the user named it. Empty if there is none.
   */
  static Optional<Sourced<List<Pooling>>> of(ModelDirectory model, EmbedderConfig config) {
    GraphTraits traits = model.traits().withOutput(config.text(Setting.MODEL_OUTPUT));
    Optional<GraphSignature> signature = signature(model);
    Optional<String> finished = signature.flatMap(outputs -> outputs.sentenceEmbedding(traits));
    if (finished.isEmpty()) {
      return model.poolings();
    }
    boolean named = traits.output().equals(finished);
    boolean nothingElse = !signature.get().givesTokenStates(traits);
    return named || nothingElse || !model.sentenceModel()
        ? Optional.of(
            new Sourced<>(
                List.of(Pooling.SENTENCE_EMBEDDING),
                "%s, output %s".formatted(model.onnxFile().getFileName(), finished.get())))
        : model.poolings();
  }

  private static Optional<GraphSignature> signature(ModelDirectory model) {
    try {
      return model.signature();
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + model.onnxFile(), e);
    }
  }
}
