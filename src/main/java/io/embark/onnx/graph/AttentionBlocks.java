package io.embark.onnx.graph;

import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/**
 * Recognises scaled dot-product attention (Vaswani et al. 2017) as exporters write it:
 *
 * <pre>
 *   q, k, v [B, L, H] -> Reshape [B, L, heads, H / heads] -> Transpose
 *   Softmax(MatMul(q, k) * scale + mask) -> MatMul(v) -> Transpose -> Reshape [B, L, H]
 * </pre>
 *
 * Names play no part. The scale may stand at the product or at q and k; a Where may stand for the
 * sum with the mask. What adds anything else to the product, such as a bias by position, is not
 * recognised, nor is a scale that the graph computes.
 */
record AttentionBlocks(OnnxGraph graph, WeightValues values) {
  private static final List<Long> HEADS_FIRST = List.of(0L, 2L, 1L, 3L);
  private static final List<Long> HEADS_FIRST_TRANSPOSED = List.of(0L, 2L, 3L, 1L);
  private static final List<Long> TRANSPOSED = List.of(0L, 1L, 3L, 2L);

  /**
   * One attention, without the layers before and behind it.
   *
   * @param query tensor {@code [B, L, H]}, likewise key, value and output
   * @param scale that the products of queries and keys are multiplied by
   * @param mask tensor made of the attention mask alone; if it is all 0, it does nothing
   */
  record Block(
      String output,
      String query,
      String key,
      String value,
      long heads,
      float scale,
      String mask) {}

  static List<Block> of(OnnxGraph graph, WeightValues values) {
    AttentionBlocks blocks = new AttentionBlocks(graph, values);
    return graph.model.getGraph().getNodeList().stream()
        .filter(node -> node.getOpType().equals("Reshape"))
        .flatMap(reshape -> blocks.endingIn(reshape).stream())
        .toList();
  }

  /** A tensor, and what the values of the one it was found behind are multiplied by. */
  private record Scaled(String tensor, double factor) {}

  /** A tensor that is reshaped to {@code [B, L, heads, H / heads]} and then transposed. */
  private record Split(String tensor, long heads, double factor) {}

  private Optional<Block> endingIn(NodeProto reshape) {
    NodeProto product = graph.maker(transposed(reshape.getInput(0), HEADS_FIRST), "MatMul");
    NodeProto softmax = product == null ? null : graph.maker(product.getInput(0), "Softmax");
    Masked masked = softmax != null && alongLast(softmax) ? masked(softmax.getInput(0)) : null;
    if (masked == null) {
      return Optional.empty();
    }
    Scaled scores = scaled(masked.scores());
    NodeProto similarities = graph.maker(scores.tensor(), "MatMul");
    if (similarities == null) {
      return Optional.empty();
    }
    Split query = split(similarities.getInput(0), HEADS_FIRST);
    Split key = key(similarities.getInput(1));
    Split value = split(product.getInput(1), HEADS_FIRST);
    if (query == null
        || key == null
        || value == null
        || query.heads != key.heads
        || query.heads != value.heads
        || value.factor != 1) {
      return Optional.empty();
    }
    String output = reshape.getOutput(0);
    float scale = (float) (scores.factor * query.factor * key.factor);
    return Optional.of(
        new Block(output, query.tensor, key.tensor, value.tensor, query.heads, scale, masked.mask));
  }

  private record Masked(String scores, String mask) {}

  /** The parts of {@code scores + mask}, or of {@code Where(mask, constant, scores)}. */
  private Masked masked(String tensor) {
    NodeProto add = graph.maker(tensor, "Add");
    if (add != null) {
      String a = add.getInput(0);
      String b = add.getInput(1);
      return isOfMask(b) ? new Masked(a, b) : isOfMask(a) ? new Masked(b, a) : null;
    }
    NodeProto where = graph.maker(tensor, "Where");
    return where != null && isOfMask(where.getInput(0)) && graph.constant(where.getInput(1)) != null
        ? new Masked(where.getInput(2), where.getInput(0))
        : null;
  }

  /** Whether a tensor is computed from the attention mask, sizes and constants alone. */
  private boolean isOfMask(String tensor) {
    String mask = PooledGraph.ATTENTION_MASK;
    Set<String> parts =
        graph.behind(tensor, t -> t.equals(mask) || graph.operator(t).equals("Shape"));
    return parts.contains(mask)
        && parts.stream()
            .allMatch(t -> t.equals(mask) || graph.maker(t) != null || graph.isConstant(t));
  }

  private Split key(String tensor) {
    Split once = split(tensor, HEADS_FIRST_TRANSPOSED);
    if (once != null) {
      return once;
    }
    Scaled scaled = scaled(tensor);
    Split twice = split(transposed(scaled.tensor, TRANSPOSED), HEADS_FIRST);
    return twice == null
        ? null
        : new Split(twice.tensor, twice.heads, twice.factor * scaled.factor);
  }

  private Split split(String tensor, List<Long> permutation) {
    Scaled outer = tensor == null ? null : scaled(tensor);
    String transposed = outer == null ? null : transposed(outer.tensor, permutation);
    if (transposed == null) {
      return null;
    }
    Scaled inner = scaled(transposed);
    NodeProto reshape = graph.maker(inner.tensor, "Reshape");
    long heads = reshape == null ? 0 : heads(reshape);
    return heads == 0 ? null : new Split(reshape.getInput(0), heads, outer.factor * inner.factor);
  }

  /** The tensor behind multiplications with and divisions by one number. */
  private Scaled scaled(String tensor) {
    String at = graph.origin(tensor);
    double factor = 1;
    while (true) {
      NodeProto node = graph.maker(at);
      if (node == null || !Set.of("Mul", "Div").contains(node.getOpType())) {
        return new Scaled(at, factor);
      }
      boolean division = node.getOpType().equals("Div");
      OptionalDouble right = number(node.getInput(1));
      OptionalDouble left = division ? OptionalDouble.empty() : number(node.getInput(0));
      if (right.isEmpty() && left.isEmpty()) {
        return new Scaled(at, factor);
      }
      double number = right.orElseGet(left::getAsDouble);
      factor = division ? factor / number : factor * number;
      at = graph.origin(node.getInput(right.isPresent() ? 0 : 1));
    }
  }

  /** The input of a transposition with this permutation, or null if none makes the tensor. */
  private String transposed(String tensor, List<Long> permutation) {
    NodeProto transpose = graph.maker(tensor, "Transpose");
    boolean same =
        transpose != null
            && transpose.getAttributeList().stream()
                .anyMatch(a -> a.getName().equals("perm") && a.getIntsList().equals(permutation));
    return same ? graph.origin(transpose.getInput(0)) : null;
  }

  private static boolean alongLast(NodeProto softmax) {
    return softmax.getAttributeList().stream()
        .anyMatch(a -> a.getName().equals("axis") && (a.getI() == -1 || a.getI() == 3));
  }

  /**
   * Of a shape {@code [B, L, heads, width]}, of which one of the last two may be left to ONNX as
   * -1; 0 if it is no constant.
   */
  private long heads(NodeProto reshape) {
    String shape = reshape.getInput(1);
    NodeProto concat = graph.maker(shape, "Concat");
    boolean parts = concat != null && concat.getInputCount() == 4;
    long heads = parts ? whole(concat.getInput(2), 0, 1) : whole(shape, 2, 4);
    long width = parts ? whole(concat.getInput(3), 0, 1) : whole(shape, 3, 4);
    if (heads == -1 && width > 0) {
      long all = width(graph.origin(reshape.getInput(0)));
      return all % width == 0 ? all / width : 0;
    }
    return Math.max(0, heads);
  }

  /** H of a dense layer's output {@code [B, L, H]}, by its weights; 0 if it is something else. */
  private long width(String tensor) {
    // The last dimension is that of the weights, and of a bias that has one value for each.
    return Set.of("Add", "MatMul", "MatMulIntegerToFloat").contains(graph.operator(tensor))
        ? graph.maker(tensor).getInputList().stream()
            .map(graph.weights::get)
            .filter(weight -> weight != null && weight.getDimsCount() > 0)
            .mapToLong(weight -> weight.getDims(weight.getDimsCount() - 1))
            .max()
            .orElse(0)
        : 0;
  }

  /** An entry of a constant int64 tensor that has {@code size} of them; 0 if it is none. */
  private long whole(String tensor, int entry, int size) {
    // An axis added to a constant changes nothing here.
    NodeProto added = graph.maker(tensor, "Unsqueeze");
    TensorProto found = graph.constant(added == null ? tensor : added.getInput(0));
    if (found == null || found.getDataType() != DataType.INT64.getNumber()) {
      return 0;
    }
    if (found.getInt64DataCount() == size) {
      return found.getInt64Data(entry);
    }
    ByteBuffer raw = found.getRawData().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    return raw.remaining() == Long.BYTES * size
        ? raw.getLong(raw.position() + Long.BYTES * entry)
        : 0;
  }

  /** The one value of a constant float32 tensor. */
  private OptionalDouble number(String tensor) {
    TensorProto found = graph.constant(tensor);
    boolean one =
        found != null
            && found.getDataType() == DataType.FLOAT.getNumber()
            && found.getDimsList().stream().allMatch(dim -> dim == 1);
    return one ? OptionalDouble.of(values.of(found)[0]) : OptionalDouble.empty();
  }
}
