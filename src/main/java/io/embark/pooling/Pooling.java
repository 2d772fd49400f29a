package io.embark.pooling;

import io.embark.Choice;
import io.embark.UserError;
import java.util.Arrays;
import java.util.Locale;

/**
 * The formulas that make one vector of the token states of a text. Each runs over the attended
 * positions of a row only, special tokens ({@code [CLS]}, {@code [SEP]}) included, as in <a
 * href="https://sbert.net/docs/package_reference/sentence_transformer/models.html">sentence-transformers'
 * Pooling module</a>. In the formulas {@code x_1 .. x_n} are the {@code n} attended states.
 */
public enum Pooling implements Choice {
  /** The model's own pooler output: for BERT, {@code tanh(W x_1 + b)} (Devlin et al. 2019). */
  POOLER(TokenStates::copyOfPooler),
  /** {@code x_1}, the state of {@code [CLS]}. */
  CLS(TokenStates::copyOfFirst),
  /** {@code sum(x_i) / n} (Reimers and Gurevych 2019). */
  MEAN(weighted((position, n) -> 1f / n)),
  /** The largest value of each dimension over the tokens. */
  MAX(Pooling::max),
  /** {@code sum(x_i) / sqrt(n)}: long texts keep longer vectors. */
  MEAN_SQRT_LEN(weighted((position, n) -> (float) (1 / Math.sqrt(n)))),
  /** {@code sum(i x_i) / sum(i)}: later tokens weigh more (Muennighoff 2022, SGPT). */
  WEIGHTED_MEAN(weighted((position, n) -> 2f * position / ((float) n * (n + 1)))),
  /** {@code x_n}, the state of the last token. */
  LAST_TOKEN(TokenStates::copyOfLast),
  /**
   * A finished vector that the graph gives, pooled and taken through the model's modules by whoever
   * exported it.
   */
  SENTENCE_EMBEDDING(
      (states, row) -> {
        throw new IllegalArgumentException("A finished vector is not made of token states.");
      });

  private final Formula formula;

  Pooling(Formula formula) {
    this.formula = formula;
  }

  private interface Formula {
    float[] pool(TokenStates states, int row);
  }

  /** The weight of the token at the 1-based {@code position} among {@code n} attended tokens. */
  private interface Weight {
    float of(int position, int n);
  }

  /**
   * Pools one row into a new array {@code [hiddenSize]}, not normalised.
   *
   * @throws NullPointerException for {@link #POOLER} on states without a pooler output
   */
  public float[] pool(TokenStates states, int row) {
    return formula.pool(states, row);
  }

  /** Whether this pooling reads the token states rather than an output of the model's own. */
  public boolean usesTokenStates() {
    return this != POOLER && this != SENTENCE_EMBEDDING;
  }

  /** With {@code _}, as column metadata has it. */
  @Override
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * @throws UserError naming the known poolings
   */
  public static Pooling of(String text) {
    return Choice.of(Pooling.class, "pooling", text);
  }

  public static String labels() {
    return Choice.labels(Pooling.class, ", ");
  }

  private static Formula weighted(Weight weight) {
    return (states, row) -> {
      int n = states.count(row);
      float[] out = new float[states.hiddenSize()];
      int position = 0;
      for (int token = 0; token < states.length(); token++) {
        if (states.attended(row, token)) {
          states.addTo(out, row, token, weight.of(++position, n));
        }
      }
      return out;
    };
  }

  private static float[] max(TokenStates states, int row) {
    float[] out = new float[states.hiddenSize()];
    Arrays.fill(out, Float.NEGATIVE_INFINITY);
    for (int token = 0; token < states.length(); token++) {
      if (states.attended(row, token)) {
        states.maxInto(out, row, token);
      }
    }
    return out;
  }
}
