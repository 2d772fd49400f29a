package io.embark.peers;

import ai.djl.MalformedModelException;
import ai.djl.huggingface.translator.TextEmbeddingTranslatorFactory;
import ai.djl.inference.Predictor;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.TranslateException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** DJL with ONNX Runtime: one model in a JVM, a predictor in each task. */
public final class DjlPeer {
  private static ZooModel<String, float[]> model;

  private DjlPeer() {}

  /**
   * @param args those of {@link Passes}, folder of the model, texts a batch, and threads of ONNX
   *     Runtime, 0 for as many as it takes by itself
   */
  public static void main(String[] args) {
    String folder = args[3];
    int threads = Integer.parseInt(args[5]);
    Passes.run(
        args,
        Map.of(),
        spark -> RowBatches.of(Integer.parseInt(args[4]), () -> open(folder, threads)));
  }

  private static RowBatches.Library open(String folder, int threads)
      throws ModelNotFoundException, MalformedModelException, IOException {
    Predictor<String, float[]> predictor = model(folder, threads).newPredictor();
    return new RowBatches.Library() {
      @Override
      public List<float[]> embed(List<String> texts) throws TranslateException {
        return texts.size() == 1
            ? List.of(predictor.predict(texts.get(0)))
            : predictor.batchPredict(texts);
      }

      @Override
      public void close() {
        predictor.close();
      }
    };
  }

  private static synchronized ZooModel<String, float[]> model(String folder, int threads)
      throws ModelNotFoundException, MalformedModelException, IOException {
    if (model == null) {
      Criteria.Builder<String, float[]> criteria =
          Criteria.builder()
              .setTypes(String.class, float[].class)
              .optModelPath(Path.of(folder))
              .optModelName("model")
              .optEngine("OnnxRuntime")
              .optTranslatorFactory(new TextEmbeddingTranslatorFactory())
              .optArgument("padding", "true")
              .optArgument("truncation", "true")
              .optArgument("maxLength", "256")
              .optArgument("includeTokenTypes", "true");
      if (threads > 0) {
        criteria.optOption("intraOpNumThreads", String.valueOf(threads));
      }
      model = criteria.build().loadModel();
    }
    return model;
  }
}
