package io.embark.spark;

import io.embark.UserError;
import io.embark.embed.EmbedderConfig;
import io.embark.embed.Setting;
import io.embark.embed.VectorProvenance;
import io.embark.post.LinearVectorModel;
import io.embark.spark.executor.ModelFacts;

/**
 * The way to embed texts like a column's: same model, pooling and settings, same map after the
 * model.
 *
 * @param made the provenance of the column's vectors
 */
public record MatchingEmbedder(String column, VectorProvenance made) {

  /**
   * The embedder. The driver has opened the model and seen that it is the one that made the column
   * and gives vectors of the same size.
   *
   * @param overrides settings that win over those of the column
   * @param post where the map is that the column's vectors went through; null if it is not known
   * @throws UserError if the model or the map is another one, or the map is not known
   */
  public TextEmbedder with(EmbedderConfig overrides, String post) {
    TextEmbedder embedder = new TextEmbedder().setConfig(config(overrides));
    if (made.post().isEmpty()) {
      return embedder;
    }
    String wanted = VectorProvenance.shortened(made.postFingerprint());
    if (post == null) {
      throw new UserError(
          ("Column '%s' holds vectors that went through %s (%s) after the model made them, and that"
                  + " map is not with the table; texts cannot be embedded to match. Give vectors"
                  + " that went the same way, or read the table where embed wrote it.")
              .formatted(column, made.post(), wanted));
    }
    String found = LinearVectorModel.load(post).fingerprint();
    if (!found.equals(made.postFingerprint())) {
      throw new UserError(
          "The map at %s is not the one that column '%s' went through: found fingerprint %s, wanted %s."
              .formatted(post, column, VectorProvenance.shortened(found), wanted));
    }
    return embedder.setPost(post);
  }

  private EmbedderConfig config(EmbedderConfig overrides) {
    EmbedderConfig config = made.config().toBuilder().setAll(overrides).build();
    ModelFacts facts = ModelFacts.of(config);
    if (!facts.fingerprint().equals(made.modelFingerprint())) {
      throw new UserError(
          ("The model at %s is not the one that made column '%s': found fingerprint %s, wanted %s."
                  + " Say with --model where that model is now, or embed the table anew.")
              .formatted(
                  config.text(Setting.MODEL),
                  column,
                  VectorProvenance.shortened(facts.fingerprint()),
                  VectorProvenance.shortened(made.modelFingerprint())));
    }
    if (facts.dimensions().get(0) > made.modelDimension()) {
      config = made.truncated(config);
      facts = ModelFacts.of(config);
    }
    if (facts.dimensions().get(0) != made.modelDimension()) {
      throw new UserError(
          "Column '%s' holds vectors of %d values; its model and settings give %d."
              .formatted(column, made.modelDimension(), facts.dimensions().get(0)));
    }
    return config;
  }
}
