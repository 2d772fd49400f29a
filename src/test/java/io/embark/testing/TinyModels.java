package io.embark.testing;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Graphs that look like BERT from outside, {@code [B, L]} in and {@code [B, L, H]} out, and cost
 * almost nothing: a token's state is a row of a table, whatever stands around it. What comes out
 * can therefore be computed by hand, see {@link #state}.
 */
public final class TinyModels {
  /** Ids that the tokenizer of {@link #writeDirectory} gives are below this. */
  public static final int VOCABULARY = 30_522;

  private static final String TOKENIZER = "all-minilm-l6-v2-tokenizer.json";

  /** A prime, so that neighbouring ids get different rows; small, so that files are. */
  private int tableRows = 1009;

  private int hiddenSize = 384;
  private boolean everyIdFits = true;
  private int notFiniteId = -1;
  private int mostTokens = -1;
  private TensorProto.DataType inputType = TensorProto.DataType.INT64;
  private String hiddenName = "last_hidden_state";
  private boolean declaresHiddenSize = true;
  private String poolerName = "pooler_output";
  private final List<String> inputs =
      new ArrayList<>(List.of("input_ids", "attention_mask", "token_type_ids"));

  private TinyModels() {}

  /** With MiniLM's inputs, outputs and shapes. */
  public static TinyModels graph() {
    return new TinyModels();
  }

  public TinyModels hiddenSize(int size) {
    hiddenSize = size;
    return this;
  }

  /** Leaves the hidden size open in the declaration of the outputs. */
  public TinyModels undeclaredHiddenSize() {
    declaresHiddenSize = false;
    return this;
  }

  /** A vocabulary of so many ids; a batch with a larger id fails when it is run. */
  public TinyModels failingFromId(int ids) {
    tableRows = ids;
    everyIdFits = false;
    return this;
  }

  /** The states of one id are NaN. */
  public TinyModels notFiniteFor(int id) {
    notFiniteId = id;
    return this;
  }

  /**
   * A batch of more padded tokens asks for 16 TiB a time, which no machine has: it fails as a batch
   * fails that is too large for the memory.
   */
  public TinyModels outOfMemoryAbove(int tokens) {
    mostTokens = tokens;
    return this;
  }

  public TinyModels intInputs() {
    inputType = TensorProto.DataType.INT32;
    return this;
  }

  /** Without one of the usual inputs. */
  public TinyModels withoutInput(String name) {
    inputs.remove(name);
    return this;
  }

  public TinyModels moreInput(String name) {
    inputs.add(name);
    return this;
  }

  /** Name of the output {@code [B, L, H]}, or null for none. */
  public TinyModels hiddenName(String name) {
    hiddenName = name;
    return this;
  }

  /** Name of the output {@code [B, H]}, or null for none. */
  public TinyModels poolerName(String name) {
    poolerName = name;
    return this;
  }

  /** The state of a token: {@code [hiddenSize]}, values from -1 to 1, the same wherever it is. */
  public float[] state(long id) {
    int row = (int) (id % tableRows);
    float[] state = new float[hiddenSize];
    for (int h = 0; h < hiddenSize; h++) {
      state[h] = value(row, h);
    }
    return state;
  }

  /** The pooler output of a row that begins with this id: half its state. */
  public float[] pooled(long firstId) {
    float[] pooled = state(firstId);
    for (int h = 0; h < hiddenSize; h++) {
      pooled[h] *= 0.5f;
    }
    return pooled;
  }

  private static float value(int row, int h) {
    return (float) Math.sin(1 + row * 0.7 + h * 1.3 + (double) row * h * 0.01);
  }

  /** Writes the graph. */
  public Path write(Path onnxFile) {
    GraphProto.Builder graph = GraphProto.newBuilder().setName("tiny");
    inputs.forEach(name -> graph.addInput(input(name)));
    graph.addInitializer(table());
    String row = "input_ids";
    if (everyIdFits) {
      row = "row";
      graph.addInitializer(scalar("rows", tableRows));
      graph.addNode(node("Mod", row, "input_ids", "rows"));
    }
    String hidden = hiddenName == null ? "states" : hiddenName;
    if (mostTokens < 0) {
      graph.addNode(node("Gather", hidden, "table", row));
    } else {
      graph.addNode(node("Gather", "small_states", "table", row));
      addHunger(graph);
      graph.addNode(node("Add", hidden, "small_states", "nothing"));
    }
    if (hiddenName != null) {
      graph.addOutput(output(hidden, "batch", "length"));
    }
    if (poolerName != null) {
      TensorProto first =
          TensorProto.newBuilder()
              .setName("first")
              .setDataType(TensorProto.DataType.INT64.getNumber())
              .addInt64Data(0)
              .build();
      TensorProto half =
          TensorProto.newBuilder()
              .setName("half")
              .setDataType(TensorProto.DataType.FLOAT.getNumber())
              .addFloatData(0.5f)
              .build();
      graph.addInitializer(first).addInitializer(half);
      NodeProto.Builder gather = node("Gather", "first_state", hidden, "first").toBuilder();
      gather
          .addAttributeBuilder()
          .setName("axis")
          .setType(AttributeProto.AttributeType.INT)
          .setI(1);
      graph.addNode(gather);
      graph.addNode(node("Mul", poolerName, "first_state", "half"));
      graph.addOutput(output(poolerName, "batch"));
    }
    ModelProto model =
        ModelProto.newBuilder()
            .setIrVersion(7)
            .setProducerName("embark tests")
            .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(13))
            .setGraph(graph)
            .build();
    try {
      Files.createDirectories(onnxFile.toAbsolutePath().getParent());
      return Files.write(onnxFile, model.toByteArray());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Writes {@code model.onnx} and {@code tokenizer.json}, which is MiniLM's. */
  public Path writeDirectory(Path directory) {
    return writeDirectory(directory, Map.of());
  }

  /**
   * Writes {@code model.onnx}, {@code tokenizer.json}, which is MiniLM's, and more files.
   *
   * @param files contents by name, for example {@code 1_Pooling/config.json}
   */
  public Path writeDirectory(Path directory, Map<String, String> files) {
    write(directory.resolve("model.onnx"));
    writeTokenizer(directory);
    writeFiles(directory, files);
    return directory;
  }

  /** Writes MiniLM's {@code tokenizer.json}. */
  public static Path writeTokenizer(Path directory) {
    try (InputStream in = TinyModels.class.getResourceAsStream("/" + TOKENIZER)) {
      Files.createDirectories(directory);
      Path file = directory.resolve("tokenizer.json");
      Files.copy(in, file);
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Writes texts to files below a directory. */
  public static void writeFiles(Path directory, Map<String, String> files) {
    try {
      for (var file : new LinkedHashMap<>(files).entrySet()) {
        Path path = directory.resolve(file.getKey());
        Files.createDirectories(path.getParent());
        Files.writeString(path, file.getValue(), StandardCharsets.UTF_8);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A tensor {@code nothing} of value 0, whose making takes memory by the tokens of the batch. */
  private void addHunger(GraphProto.Builder graph) {
    graph.addNode(node("Shape", "shape", "input_ids"));
    NodeProto.Builder product = node("ReduceProd", "tokens", "shape").toBuilder();
    product
        .addAttributeBuilder()
        .setName("keepdims")
        .setType(AttributeProto.AttributeType.INT)
        .setI(1);
    graph.addNode(product);
    graph.addInitializer(longs("least_too_many", mostTokens + 1));
    graph.addInitializer(longs("four_tebi", 1L << 42));
    graph.addNode(node("Div", "times", "tokens", "least_too_many"));
    graph.addNode(node("Mul", "huge_size", "times", "four_tebi"));
    graph.addNode(node("ConstantOfShape", "huge", "huge_size"));
    graph.addNode(node("Shape", "shape_of_huge", "huge"));
    graph.addNode(node("Sub", "zero", "shape_of_huge", "huge_size"));
    NodeProto.Builder cast = node("Cast", "nothing", "zero").toBuilder();
    cast.addAttributeBuilder()
        .setName("to")
        .setType(AttributeProto.AttributeType.INT)
        .setI(TensorProto.DataType.FLOAT.getNumber());
    graph.addNode(cast);
  }

  private static TensorProto longs(String name, long value) {
    return TensorProto.newBuilder()
        .setName(name)
        .setDataType(TensorProto.DataType.INT64.getNumber())
        .addDims(1)
        .addInt64Data(value)
        .build();
  }

  private TensorProto table() {
    ByteBuffer values =
        ByteBuffer.allocate(4 * tableRows * hiddenSize).order(ByteOrder.LITTLE_ENDIAN);
    for (int row = 0; row < tableRows; row++) {
      for (int h = 0; h < hiddenSize; h++) {
        boolean finite = notFiniteId < 0 || row != notFiniteId % tableRows;
        values.putFloat(finite ? value(row, h) : Float.NaN);
      }
    }
    return TensorProto.newBuilder()
        .setName("table")
        .setDataType(TensorProto.DataType.FLOAT.getNumber())
        .addDims(tableRows)
        .addDims(hiddenSize)
        .setRawData(ByteString.copyFrom(values.flip()))
        .build();
  }

  private TensorProto scalar(String name, int value) {
    TensorProto.Builder scalar =
        TensorProto.newBuilder().setName(name).setDataType(inputType.getNumber());
    return inputType == TensorProto.DataType.INT32
        ? scalar.addInt32Data(value).build()
        : scalar.addInt64Data(value).build();
  }

  private static NodeProto node(String operator, String output, String... inputs) {
    return NodeProto.newBuilder()
        .setName(output)
        .setOpType(operator)
        .addAllInput(List.of(inputs))
        .addOutput(output)
        .build();
  }

  private ValueInfoProto input(String name) {
    return value(name, inputType, shape("batch", "length"));
  }

  private ValueInfoProto output(String name, String... dimensions) {
    TensorShapeProto.Builder shape = shape(dimensions);
    if (declaresHiddenSize) {
      shape.addDimBuilder().setDimValue(hiddenSize);
    } else {
      shape.addDimBuilder().setDimParam("hidden");
    }
    return value(name, TensorProto.DataType.FLOAT, shape);
  }

  private static TensorShapeProto.Builder shape(String... dimensions) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    for (String dimension : dimensions) {
      shape.addDimBuilder().setDimParam(dimension);
    }
    return shape;
  }

  private static ValueInfoProto value(
      String name, TensorProto.DataType type, TensorShapeProto.Builder shape) {
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(
            TypeProto.newBuilder()
                .setTensorType(
                    TypeProto.Tensor.newBuilder().setElemType(type.getNumber()).setShape(shape)))
        .build();
  }
}
