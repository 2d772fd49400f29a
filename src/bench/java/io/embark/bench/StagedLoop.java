package io.embark.bench;

import io.embark.batch.Batch;
import io.embark.batch.BatchPlanner;
import io.embark.embed.EmbedderConfig;
import io.embark.embed.Setting;
import io.embark.model.ModelDirectory;
import io.embark.model.store.ModelStore;
import io.embark.onnx.Cancellation;
import io.embark.onnx.DeviceChoice;
import io.embark.onnx.Execution;
import io.embark.onnx.GpuOptions;
import io.embark.onnx.OnnxEncoder;
import io.embark.onnx.Precision;
import io.embark.onnx.graph.GraphOutput;
import io.embark.onnx.graph.GraphOutput.PooledOutput;
import io.embark.onnx.graph.GraphOutput.TokenStatesOutput;
import io.embark.onnx.graph.PooledGraph.PoolingMask;
import io.embark.pooling.Layers;
import io.embark.pooling.Norm;
import io.embark.pooling.Pooling;
import io.embark.pooling.TokenStates;
import io.embark.token.HfTokenizer;
import io.embark.token.Tokens;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import org.apache.hadoop.conf.Configuration;

/**
 * What an embedder does, stage by stage with a clock between: to see what each costs, and what
 * pooling inside the graph saves against token states that leave the session and are averaged in
 * Java.
 */
final class StagedLoop implements AutoCloseable {
  /** Where vectors are made. */
  enum PooledIn {
    GRAPH {
      @Override
      GraphOutput output() {
        return PooledOutput.of("embark_vector", Pooling.POOLER);
      }

      @Override
      float[] vector(float[] values, Batch batch, int row, int dim) {
        return Arrays.copyOfRange(values, row * dim, (row + 1) * dim);
      }
    },
    JAVA {
      @Override
      GraphOutput output() {
        return new TokenStatesOutput("embark_states", Layers.LAST);
      }

      @Override
      float[] vector(float[] values, Batch batch, int row, int dim) {
        float[] vector =
            Pooling.MEAN.pool(
                new TokenStates(
                    values, batch.attentionMask(), null, batch.size(), batch.length(), dim),
                row);
        Norm.L2.apply(vector);
        return vector;
      }
    };

    abstract GraphOutput output();

    abstract float[] vector(float[] values, Batch batch, int row, int dim);
  }

  final LongAdder tokens = new LongAdder();

  /** Bytes that left the session. */
  final LongAdder bytes = new LongAdder();

  /** Nanoseconds of all threads. */
  final LongAdder tokenize = new LongAdder();

  final LongAdder plan = new LongAdder();
  final LongAdder session = new LongAdder();
  final LongAdder pool = new LongAdder();

  private final PooledIn pooledIn;
  private final HfTokenizer tokenizer;
  private final OnnxEncoder encoder;
  private final BatchPlanner planner;
  private final int bufferRows;
  private final Cancellation cancellation = new Cancellation();

  StagedLoop(EmbedderConfig config, int tokenBudget, PooledIn pooledIn) throws IOException {
    this.pooledIn = pooledIn;
    ModelDirectory model =
        ModelStore.ofThisHost(new Configuration())
            .open(config.get(Setting.MODEL), config.get(Setting.MODEL_FILE));
    tokenizer =
        HfTokenizer.open(model.tokenizerJson(), config.resolve(model).get(Setting.MAX_LENGTH));
    encoder =
        OnnxEncoder.open(
            model.onnxFile(),
            new Execution(DeviceChoice.CPU, 1, GpuOptions.DEFAULT, true),
            List.of(pooledIn.output()),
            PoolingMask.ATTENTION,
            Precision.FLOAT,
            List::of);
    planner = new BatchPlanner(tokenBudget, model.padTokenId());
    bufferRows = config.get(Setting.BUFFER_ROWS);
  }

  void reset() {
    for (LongAdder sum : List.of(tokens, bytes, tokenize, plan, session, pool)) {
      sum.reset();
    }
  }

  /** Lets the tokenizer's library work alone. */
  void libraryOnly(List<String> texts) {
    for (String text : texts) {
      tokens.add(tokenizer.libraryIds(text).length);
    }
  }

  /** Tokenises and does nothing else. */
  void tokenizeOnly(List<String> texts) {
    for (int from = 0; from < texts.size(); from += bufferRows) {
      tokenized(texts, from);
    }
  }

  private List<Tokens> tokenized(List<String> texts, int from) {
    List<Tokens> found = new ArrayList<>();
    for (String text : texts.subList(from, Math.min(texts.size(), from + bufferRows))) {
      Tokens one = tokenizer.encode(text);
      tokens.add(one.used());
      found.add(one);
    }
    return found;
  }

  private static float[] copyOfFirst(List<FloatBuffer> outputs) {
    float[] copy = new float[outputs.get(0).remaining()];
    outputs.get(0).get(copy);
    return copy;
  }

  /** Embeds texts buffer by buffer, as the embedder does. */
  void embed(List<String> texts) {
    int dim = encoder.outputs().get(0).dim();
    for (int from = 0; from < texts.size(); from += bufferRows) {
      long start = System.nanoTime();
      List<Tokens> buffer = tokenized(texts, from);
      long tokenized = System.nanoTime();
      List<Batch> batches = planner.plan(buffer);
      long last = System.nanoTime();
      tokenize.add(tokenized - start);
      plan.add(last - tokenized);
      float[][] vectors = new float[buffer.size()][];
      for (Batch batch : batches) {
        float[] values = encoder.encode(batch, null, cancellation, StagedLoop::copyOfFirst);
        long encoded = System.nanoTime();
        bytes.add(4L * values.length);
        for (int row = 0; row < batch.size(); row++) {
          vectors[batch.rows()[row]] = pooledIn.vector(values, batch, row, dim);
        }
        session.add(encoded - last);
        last = System.nanoTime();
        pool.add(last - encoded);
      }
    }
  }

  @Override
  public void close() {
    encoder.close();
    tokenizer.close();
  }
}
