package io.embark.embed;

import io.embark.batch.Batch;
import io.embark.batch.BatchPlanner;
import io.embark.batch.BatchShapes;
import io.embark.model.ModelDirectory;
import io.embark.onnx.Cancellation;
import io.embark.onnx.Encoder;
import io.embark.token.Tokens;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The way of texts through one session: tokenised, planned into batches of like length, encoded and
 * pooled, cut and normalised, in the order they came in. Safe for use by several threads at once.
 */
final class EmbeddingPipeline {
  private final PromptTokenizer tokenizer;
  private final BatchRecovery recovery;
  private final Encoder encoder;
  private final VectorLayout layout;
  private final OnRowError onRowError;
  private final Optional<Cores> cores;

  private final int skipStart;
  private final int skipEnd;

  EmbeddingPipeline(
      EmbedderConfig config,
      ModelDirectory model,
      PromptTokenizer tokenizer,
      Encoder encoder,
      VectorLayout layout) {
    this.tokenizer = tokenizer;
    this.encoder = encoder;
    this.layout = layout;
    this.onRowError = config.get(Setting.ON_ROW_ERROR);
    BatchShapes shapes =
        encoder.takesPadding() ? Executions.shapes(config, encoder.device()) : BatchShapes.UNPADDED;
    int tokenBudget = Executions.tokenBudget(config, encoder.device());
    this.recovery =
        new BatchRecovery(
            encoder, new BatchPlanner(tokenBudget, model.padTokenId(), shapes), onRowError);
    // A GPU must not wait for a core; a session with threads of its own uses the cores already.
    this.cores =
        encoder.device().isGpu() || config.get(Setting.INTRA_OP_THREADS) > 1
            ? Optional.empty()
            : Optional.of(Cores.OF_THIS_JVM);
    boolean withoutSpecial = config.get(Setting.EXCLUDE_SPECIAL_TOKENS);
    this.skipStart = tokenizer.skipStart(withoutSpecial, config.get(Setting.EXCLUDE_PROMPT));
    this.skipEnd = tokenizer.skipEnd(withoutSpecial);
  }

  /** Embeds texts as they are, blank ones too. */
  Embedding[] embed(List<String> texts) {
    List<Tokens> tokens = texts.stream().map(tokenizer::tokenize).toList();
    cores.ifPresent(Cores::take);
    try {
      return embed(tokens, EmbeddingStats.NOBODY, new Cancellation());
    } finally {
      cores.ifPresent(Cores::giveBack);
    }
  }

  /**
   * Embeds tokenised texts, in their order. The calling thread has one of {@link #cores}, where
   * there are any; more are borrowed.
   *
   * @param stats told by one thread after the other
   * @throws IllegalStateException if the model fails or is stopped
   */
  Embedding[] embed(List<Tokens> texts, EmbeddingStats stats, Cancellation cancellation) {
    Embedding[] embeddings = new Embedding[texts.size()];
    List<Batch> batches = plan(texts);
    BatchRecovery.Outcome rows = new Rows(texts, embeddings, stats, cancellation);
    Consumer<Batch> model = batch -> recovery.run(batch, texts, rows, stats, cancellation);
    if (cores.isPresent()) {
      BufferRun.all(batches, model, cores.get());
    } else {
      batches.forEach(model);
    }
    return embeddings;
  }

  /** Fills in the embeddings of a batch's rows, each at the place of its text. */
  private final class Rows implements BatchRecovery.Outcome {
    private final List<Tokens> texts;
    private final Embedding[] embeddings;
    private final EmbeddingStats stats;
    private final Cancellation cancellation;

    Rows(
        List<Tokens> texts,
        Embedding[] embeddings,
        EmbeddingStats stats,
        Cancellation cancellation) {
      this.texts = texts;
      this.embeddings = embeddings;
      this.stats = stats;
      this.cancellation = cancellation;
    }

    @Override
    public void encode(Batch part) {
      long start = System.nanoTime();
      long[] mask =
          skipStart + skipEnd > 0 ? part.poolingMask(skipStart, skipEnd) : part.attentionMask();
      encoder.encode(
          part,
          mask,
          cancellation,
          values -> {
            for (int row = 0; row < part.size(); row++) {
              Tokens text = texts.get(part.rows()[row]);
              embeddings[part.rows()[row]] =
                  layout.row(values, row, part.length(), text, tokenizer.unknownTokenRatio(text));
            }
            return null;
          });
      stats.batch(part, System.nanoTime() - start);
      for (int text : part.rows()) {
        if (!embeddings[text].isFinite()) {
          notFinite(text);
        }
      }
    }

    private void notFinite(int text) {
      String reason =
          "the model gives NaN or infinite values for this text of %d tokens"
              .formatted(texts.get(text).used());
      if (onRowError == OnRowError.FAIL) {
        throw new IllegalStateException(
            ("On %s %s. A float16 graph can overflow: try one in float32. With on-row-error null"
                    + " such texts get a status instead.")
                .formatted(encoder.device().label(), reason));
      }
      stats.failed(1);
      failed(text, reason);
    }

    @Override
    public void failed(int text, String reason) {
      Tokens tokens = texts.get(text);
      double unknown = tokenizer.unknownTokenRatio(tokens);
      embeddings[text] = Embedding.without(tokens, unknown, Status.FAILED, reason);
    }
  }

  List<Batch> plan(List<Tokens> texts) {
    return recovery.plan(texts);
  }

  PromptTokenizer tokenizer() {
    return tokenizer;
  }

  /** Where batches of one stream may run at the same time; empty where none may. */
  Optional<Cores> cores() {
    return cores;
  }

  /** The most padded tokens in a batch by now: fewer once memory did not suffice. */
  int tokenBudgetNow() {
    return recovery.tokenBudget();
  }
}
