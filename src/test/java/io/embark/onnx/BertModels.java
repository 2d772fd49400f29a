package io.embark.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtSession;
import io.embark.onnx.graph.PooledGraph;
import io.embark.onnx.graph.PooledModel;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** The models of the test resources and texts for them; see {@code onnx/README.md} there. */
public final class BertModels {
  public static final int LAYERS = 4;
  public static final int HIDDEN = 16;
  public static final String TRUTH = "onnx/bert-hidden-states-opset14.onnx";

  /** Texts of different lengths, as token ids of the random models. */
  public static final List<long[]> TEXTS =
      List.of(
          new long[] {2, 7, 9, 11, 13, 15, 3},
          new long[] {2, 3},
          new long[] {2, 40, 3},
          new long[] {2, 59, 58, 57, 8, 8, 8, 9, 21, 22, 23, 3});

  private BertModels() {}

  public static Path copy(String resource, Path folder) throws IOException {
    Path file = folder.resolve(Path.of(resource).getFileName());
    try (InputStream in = BertModels.class.getClassLoader().getResourceAsStream(resource)) {
      Files.copy(Objects.requireNonNull(in, resource), file, StandardCopyOption.REPLACE_EXISTING);
    }
    return file;
  }

  public static PooledGraph open(String resource, Path folder) throws IOException {
    return PooledGraph.of(copy(resource, folder));
  }

  /** Runs texts padded to {@code length}. */
  public static Map<String, float[]> run(OrtSession session, List<long[]> texts, int length)
      throws Exception {
    long[] ids = new long[texts.size() * length];
    long[] mask = new long[ids.length];
    for (int row = 0; row < texts.size(); row++) {
      long[] text = texts.get(row);
      for (int token = 0; token < text.length; token++) {
        ids[row * length + token] = text[token];
        mask[row * length + token] = 1;
      }
    }
    Map<String, OnnxTensor> feeds = new HashMap<>();
    feeds.put("input_ids", Sessions.longs(ids, texts.size(), length));
    feeds.put("attention_mask", Sessions.longs(mask, texts.size(), length));
    if (session.getInputNames().contains("token_type_ids")) {
      feeds.put("token_type_ids", Sessions.longs(new long[ids.length], texts.size(), length));
    }
    return Sessions.run(session, feeds);
  }

  public static Map<String, float[]> run(PooledModel model) throws Exception {
    try (OrtSession session = Sessions.open(model)) {
      return run(session, TEXTS, 12);
    }
  }
}
