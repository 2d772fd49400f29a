package io.embark.embed;

import io.embark.UserError;
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
      requireNoChat(model);
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

  /** sentence-transformers puts every text through the template of such a model. */
  private static void requireNoChat(ModelDirectory model) {
    if (model.wishes().chatTemplate() && !model.sentenceModel()) {
      throw new UserError(
          ("Model %s has a chat template and no modules.json: whether its vectors are those of texts"
                  + " in the template, which Embark does not run, or of texts as they are, its files"
                  + " do not say. For texts as they are name the pooling, --pooling last_token or"
                  + " mean.")
              .formatted(model.name()));
    }
  }

  private static Optional<GraphSignature> signature(ModelDirectory model) {
    try {
      return model.signature();
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + model.onnxFile(), e);
    }
  }
}
