package io.embark.embed;

import io.embark.batch.Batch;
import io.embark.batch.BatchPlanner;
import io.embark.onnx.Cancellation;
import io.embark.onnx.Encoder;
import io.embark.onnx.EncodingException;
import io.embark.token.Tokens;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs batches so that neither a shortage of memory nor one bad text ends a job. A batch that does
 * not fit into memory is halved, and so are from then on those of every task that shares the
 * session. Safe for use by several threads at once.
 */
final class BatchRecovery {
  private static final Logger LOG = LoggerFactory.getLogger(BatchRecovery.class);
  private static final int MAX_REASON = 500;

  private final Encoder encoder;
  private final OnRowError onRowError;

  private final AtomicReference<BatchPlanner> planner;

  BatchRecovery(Encoder encoder, BatchPlanner planner, OnRowError onRowError) {
    this.encoder = encoder;
    this.planner = new AtomicReference<>(planner);
    this.onRowError = onRowError;
  }

  /** Takes the texts of a batch, each exactly once. */
  interface Outcome {
    /** Runs some of them; throws as {@link Encoder#encode} does. */
    void encode(Batch part);

    /** The model fails on one of them. */
    void failed(int text, String reason);
  }

  List<Batch> plan(List<Tokens> texts) {
    return planner.get().plan(texts);
  }

  /** The most padded tokens in a batch, by what has been seen of the memory so far. */
  int tokenBudget() {
    return planner.get().tokenBudget();
  }

  /**
   * @throws EncodingException if it was stopped, the model fails and texts may not fail alone, or
   *     the session does not work any more
   */
  void run(
      Batch batch,
      List<Tokens> texts,
      Outcome outcome,
      EmbeddingStats stats,
      Cancellation cancellation) {
    Deque<Batch> left = new ArrayDeque<>(List.of(batch));
    while (!left.isEmpty()) {
      Batch part = left.pop();
      if (part.size() > 1 && part.paddedTokens() > tokenBudget()) {
        // Planned before the memory turned out to be smaller.
        halve(part, texts, left);
        continue;
      }
      try {
        outcome.encode(part);
      } catch (EncodingException e) {
        requireRecoverable(e);
        if (part.size() > 1) {
          if (e.reason() == EncodingException.Reason.MEMORY) {
            stats.halved();
            lower(part, e);
          }
          halve(part, texts, left);
        } else {
          requireWorking(e, cancellation);
          stats.failed(1);
          outcome.failed(part.rows()[0], reason(part, e));
        }
      }
    }
  }

  private void requireRecoverable(EncodingException e) {
    switch (e.reason()) {
      case CANCELLED -> throw e;
      case MEMORY -> {}
      case GRAPH -> {
        if (onRowError == OnRowError.FAIL) {
          throw e.with(
              "With on-row-error null such texts get a status instead, and the others go on.");
        }
      }
    }
  }

  /** A session that is broken fails on every text; that is not the texts' fault. */
  private void requireWorking(EncodingException cause, Cancellation cancellation) {
    try {
      encoder.check(cancellation);
    } catch (EncodingException e) {
      e.addSuppressed(cause);
      throw e.with("Nor does any other batch go through, so the texts are not at fault.");
    }
  }

  /** Longest texts first, as they were planned, so that the second half may well be shorter. */
  private void halve(Batch part, List<Tokens> texts, Deque<Batch> left) {
    int[] rows = part.rows();
    int middle = rows.length / 2;
    BatchPlanner now = planner.get();
    left.push(now.batch(texts, Arrays.copyOfRange(rows, middle, rows.length)));
    left.push(now.batch(texts, Arrays.copyOfRange(rows, 0, middle)));
  }

  private void lower(Batch part, EncodingException e) {
    int budget = Math.max(1, part.paddedTokens() / 2);
    BatchPlanner before =
        planner.getAndUpdate(now -> now.tokenBudget() > budget ? now.withBudget(budget) : now);
    // Tasks that fail at the same time lower it once, and say so once.
    if (before.tokenBudget() > budget) {
      LOG.warn(
          "Memory on {} did not suffice for {} rows x {} tokens; batches have at most {} tokens"
              + " from here on, until now {}. Set token-budget to that to begin with it. ({})",
          encoder.device().label(),
          part.paddedRows(),
          part.length(),
          budget,
          before.tokenBudget(),
          firstLine(e));
    }
  }

  private String reason(Batch part, EncodingException e) {
    return e.reason() == EncodingException.Reason.MEMORY
        ? "out of memory on %s with this text of %d tokens alone: %s"
            .formatted(encoder.device().label(), part.tokens(), firstLine(e))
        : firstLine(e);
  }

  private static String firstLine(EncodingException e) {
    String message = String.valueOf((e.getCause() == null ? e : e.getCause()).getMessage());
    String line = message.strip().lines().findFirst().orElse("");
    return line.length() <= MAX_REASON ? line : line.substring(0, MAX_REASON) + "...";
  }
}
