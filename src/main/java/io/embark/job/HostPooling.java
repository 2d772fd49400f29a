package io.embark.job;

import io.embark.batch.Batch;
import io.embark.batch.BatchPlanner;
import io.embark.embed.EmbedderConfig;
import io.embark.embed.Setting;
import io.embark.model.ModelDirectory;
import io.embark.model.ModelStore;
import io.embark.onnx.DeviceChoice;
import io.embark.onnx.OnnxEncoder;
import io.embark.onnx.PoolingMask;
import io.embark.onnx.TokenStatesOutput;
import io.embark.pooling.Layers;
import io.embark.pooling.Norm;
import io.embark.pooling.Pooling;
import io.embark.pooling.TokenStates;
import io.embark.token.HfTokenizer;
import io.embark.token.Tokens;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;

/**
 * The way not taken: token states leave the session and are averaged in Java. Kept to measure what
 * pooling inside the graph saves.
 */
final class HostPooling implements AutoCloseable {
  private final HfTokenizer tokenizer;
  private final OnnxEncoder encoder;
  private final BatchPlanner planner;
  private final int bufferRows;

  HostPooling(EmbedderConfig config, int tokenBudget) throws IOException {
    ModelDirectory model =
        ModelStore.ofThisHost(new Configuration())
            .open(config.get(Setting.MODEL), config.get(Setting.MODEL_FILE));
    tokenizer =
        HfTokenizer.open(model.tokenizerJson(), config.resolve(model).get(Setting.MAX_LENGTH));
    encoder =
        OnnxEncoder.open(
            model.onnxFile(),
            DeviceChoice.CPU,
            1,
            List.of(new TokenStatesOutput("embark_states", Layers.LAST)),
            PoolingMask.ATTENTION);
    planner = new BatchPlanner(tokenBudget, model.padTokenId());
    bufferRows = config.get(Setting.BUFFER_ROWS);
  }

  /** Embeds texts buffer by buffer, as the embedder does; gives the bytes that left the session. */
  long embed(List<String> texts) {
    long bytes = 0;
    for (int from = 0; from < texts.size(); from += bufferRows) {
      List<Tokens> tokens = new ArrayList<>();
      for (String text : texts.subList(from, Math.min(texts.size(), from + bufferRows))) {
        tokens.add(tokenizer.encode(text));
      }
      float[][] vectors = new float[tokens.size()][];
      for (Batch batch : planner.plan(tokens)) {
        float[] hidden = encoder.encode(batch, null).get(0);
        bytes += 4L * hidden.length;
        TokenStates states =
            new TokenStates(
                hidden,
                batch.attentionMask(),
                null,
                batch.size(),
                batch.length(),
                encoder.outputs().get(0).dim());
        for (int row = 0; row < batch.size(); row++) {
          float[] vector = Pooling.MEAN.pool(states, row);
          Norm.L2.apply(vector);
          vectors[batch.rows()[row]] = vector;
        }
      }
    }
    return bytes;
  }

  @Override
  public void close() {
    encoder.close();
    tokenizer.close();
  }
}
