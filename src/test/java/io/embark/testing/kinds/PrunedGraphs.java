package io.embark.testing.kinds;

import static io.embark.testing.kinds.PrunedTokenizers.require;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnxruntime.OrtException;
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.zip.GZIPOutputStream;

/** Graphs cut to what some texts need, and the proof that these texts keep their values. */
final class PrunedGraphs {
  /** Matrices of whose rows many are not needed. */
  private static final String WORDS = "model.embeddings.word_embeddings.weight";

  private static final String POSITIONS = "model.embeddings.position_embeddings.weight";
  private static final int WIDTH = 48;

  private final Path from;
  private final Path to;

  PrunedGraphs(Path from, Path to) {
    this.from = from;
    this.to = to;
  }

  /**
   * Graphs of BERT: whole, but rows that no text needs are nought, and gzip makes nothing of it.
   */
  void bert(TreeSet<Long> words, int longest, List<long[]> texts) throws IOException, OrtException {
    ModelProto original = graph("mod.labse.bert_uncased.new");
    Map<ByteString, String> names = new HashMap<>();
    ModelProto pruned = withoutUnused(original, words, longest);
    for (TensorProto tensor : pruned.getGraph().getInitializerList()) {
      names.put(tensor.getRawData(), tensor.getName());
    }
    zipped(to.resolve("graphs/bert.onnx.gz"), pruned.toByteArray());
    ModelProto vector = graph("nomod.labse");
    ModelProto.Builder light = withoutUnused(vector, words, longest).toBuilder();
    for (TensorProto.Builder tensor : light.getGraphBuilder().getInitializerBuilderList()) {
      String same = names.get(tensor.getRawData());
      if (same != null) {
        tensor.clearRawData().setDocString(same);
      }
    }
    zipped(to.resolve("graphs/bert-with-vector.onnx.gz"), light.build().toByteArray());
    requireSame(original, "bert", texts, texts);
    requireSame(vector, "bert-with-vector", texts, texts);
  }

  private ModelProto withoutUnused(ModelProto original, TreeSet<Long> words, int longest) {
    ModelProto.Builder pruned = original.toBuilder();
    for (TensorProto.Builder tensor : pruned.getGraphBuilder().getInitializerBuilderList()) {
      if (tensor.getName().endsWith(WORDS)) {
        tensor.setRawData(rows(tensor.getRawData(), 0, words));
      } else if (tensor.getName().endsWith(POSITIONS)) {
        TreeSet<Long> first = new TreeSet<>();
        for (long position = 0; position < longest; position++) {
          first.add(position);
        }
        tensor.setRawData(rows(tensor.getRawData(), 0, first));
      }
    }
    return pruned.build();
  }

  /** Sets rows to 0, behind a header of so many bytes. */
  static ByteString rows(ByteString all, int header, TreeSet<Long> kept) {
    byte[] bytes = all.toByteArray();
    int row = 4 * WIDTH;
    for (int r = 0; header + (r + 1) * row <= bytes.length; r++) {
      if (!kept.contains((long) r)) {
        Arrays.fill(bytes, header + r * row, header + (r + 1) * row, (byte) 0);
      }
    }
    return ByteString.copyFrom(bytes);
  }

  /** A graph that knows these texts by heart, under their ids by the pruned tokenizer. */
  void table(String name, String model, Map<long[], long[]> ids) throws IOException, OrtException {
    ModelProto original = graph(model);
    StatesTable table = new StatesTable(original.getGraph());
    try (Original whole = new Original(original.toByteArray())) {
      for (Map.Entry<long[], long[]> text : ids.entrySet()) {
        table.add(text.getValue(), whole.run(text.getKey(), 0, 0));
      }
    }
    zipped(to.resolve("graphs/" + name + ".onnx.gz"), table.build(original).toByteArray());
    requireSame(original, name, List.copyOf(ids.keySet()), List.copyOf(ids.values()));
  }

  private void requireSame(ModelProto original, String name, List<long[]> ids, List<long[]> pruned)
      throws IOException, OrtException {
    double most = 0;
    try (Original whole = new Original(original.toByteArray());
        Original part = new Original(ModelKinds.graph(to, name))) {
      for (int t = 0; t < ids.size(); t++) {
        Map<String, Object> wanted = whole.run(ids.get(t), 0, 0);
        boolean leftToo = original.getGraph().getInputCount() == 2;
        most = Math.max(most, difference(wanted, part.run(pruned.get(t), 0, 0), 0));
        most = Math.max(most, difference(wanted, part.run(pruned.get(t), 0, 3), 0));
        most =
            leftToo ? Math.max(most, difference(wanted, part.run(pruned.get(t), 2, 1), 2)) : most;
      }
    }
    System.out.printf("%s: %d texts, largest difference %.1e%n", name, ids.size(), most);
    require(most <= 1e-6, "states of " + name);
  }

  private static double difference(Map<String, Object> wanted, Map<String, Object> got, int left) {
    require(wanted.keySet().equals(got.keySet()), "outputs " + got.keySet());
    double most = 0;
    for (Map.Entry<String, Object> output : wanted.entrySet()) {
      boolean perText = output.getValue() instanceof float[];
      float[][] a =
          perText ? new float[][] {(float[]) output.getValue()} : (float[][]) output.getValue();
      Object other = got.get(output.getKey());
      float[][] b = perText ? new float[][] {(float[]) other} : (float[][]) other;
      for (int row = 0; row < a.length; row++) {
        for (int h = 0; h < a[row].length; h++) {
          most = Math.max(most, Math.abs(a[row][h] - b[row + (perText ? 0 : left)][h]));
        }
      }
    }
    return most;
  }

  private ModelProto graph(String model) throws IOException {
    return ModelProto.parseFrom(Files.readAllBytes(from.resolve(model).resolve("onnx/model.onnx")));
  }

  static void zipped(Path file, byte[] bytes) throws IOException {
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
      out.write(bytes);
    }
  }
}
