package io.embark.embed;

import io.embark.model.ModelDirectory;
import io.embark.text.Strip;
import io.embark.token.HfTokenizer;
import java.io.IOException;

/** The tokenizer of a model as its settings want it. */
public final class ModelTokenizer {
  private ModelTokenizer() {}

  /**
   * @param resolved every setting filled in from the model
   * @throws IOException if a file cannot be read
   * @throws io.embark.UserError if it is no tokenizer, or leaves no room for text
   */
  public static HfTokenizer open(ModelDirectory model, EmbedderConfig resolved) throws IOException {
    if (model.isStatic()) {
      return HfTokenizer.withoutSpecialTokens(
          model.tokenizerJson(), resolved.get(Setting.MAX_LENGTH));
    }
    boolean asBefore = resolved.get(Setting.STRIP) == Strip.EARLIER;
    return HfTokenizer.open(
        model.tokenizer().withOwnSpacing(asBefore), resolved.get(Setting.MAX_LENGTH));
  }
}
