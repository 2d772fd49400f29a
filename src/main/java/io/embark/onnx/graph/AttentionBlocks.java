package io.embark.onnx.graph;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
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
public final class AttentionBlocks {
  private static final List<Long> HEADS_FIRST = List.of(0L, 2L, 1L, 3L);
  private static final List<Long> HEADS_FIRST_TRANSPOSED = List.of(0L, 2L, 3L, 1L);
  private static final List<Long> TRANSPOSED = List.of(0L, 1L, 3L, 2L);

  private final OnnxGraph graph;
  private final WeightValues values;
  private final Map<String, TensorProto> weights = new HashMap<>();

  /**
   * One attention, without the layers before and behind it.
   *
   * @param output tensor {@code [B, L, H]}
   * @param query tensor {@code [B, L, H]}, likewise key and value
   * @param scale that the products of queries and keys are multiplied by
   * @param mask tensor made of the attention mask and of nothing else; if it is all 0, it does
   *     nothing
   */
  public record Block(
      String output,
      String query,
      String key,
      String value,
      long heads,
      float scale,
      String mask) {}

  private AttentionBlocks(OnnxGraph graph, WeightValues values) {
    this.graph = graph;
    this.values = values;
    graph.model().getGraph().getInitializerList().forEach(w -> weights.put(w.getName(), w));
  }

  /** All of a graph, in the order of its nodes. */
  public static List<Block> of(OnnxGraph graph, WeightValues values) {
    AttentionBlocks blocks = new AttentionBlocks(graph, values);
    List<Block> found = new ArrayList<>();
    for (NodeProto node : graph.model().getGraph().getNodeList()) {
      if (node.getOpType().equals("Reshape")) {
        blocks.endingIn(node).ifPresent(found::add);
      }
    }
    return found;
  }

  /** A tensor and what the values of the one it was found behind are multiplied by. */
  private record Scaled(String tensor, double factor) {}

  /** What was reshaped to {@code [B, L, heads, H / heads]} and then transposed. */
  private record Split(String tensor, long heads, double factor) {}

  private Optional<Block> endingIn(NodeProto reshape) {
    String merged = transposed(reshape.getInput(0), HEADS_FIRST);
    NodeProto product = maker(merged, "MatMul");
    NodeProto softmax = product == null ? null : maker(product.getInput(0), "Softmax");
    if (softmax == null || !alongLast(softmax)) {
      return Optional.empty();
    }
    Masked masked = masked(softmax.getInput(0));
    if (masked == null) {
      return Optional.empty();
    }
    Scaled scores = scaled(masked.scores());
    NodeProto similarities = maker(scores.tensor(), "MatMul");
    if (similarities == null) {
      return Optional.empty();
    }
    Split query = split(similarities.getInput(0), HEADS_FIRST);
    Split key = key(similarities.getInput(1));
    Split value = split(product.getInput(1), HEADS_FIRST);
    if (query == null
        || key == null
        || value == null
        || query.heads() != key.heads()
        || query.heads() != value.heads()
        || value.factor() != 1) {
      return Optional.empty();
    }
    double scale = scores.factor() * query.factor() * key.factor();
    return Optional.of(
        new Block(
            reshape.getOutput(0),
            query.tensor(),
            key.tensor(),
            value.tensor(),
            query.heads(),
            (float) scale,
            masked.mask()));
  }

  private record Masked(String scores, String mask) {}

  /** Parts {@code scores + mask}, or {@code Where(mask, constant, scores)}. */
  private Masked masked(String tensor) {
    NodeProto add = maker(tensor, "Add");
    if (add != null) {
      String a = add.getInput(0);
      String b = add.getInput(1);
      return isOfMask(b) ? new Masked(a, b) : isOfMask(a) ? new Masked(b, a) : null;
    }
    NodeProto where = maker(tensor, "Where");
    return where != null && isOfMask(where.getInput(0)) && isConstant(where.getInput(1))
        ? new Masked(where.getInput(2), where.getInput(0))
        : null;
  }

  /** Whether the attention mask, sizes and constants are all that makes a tensor. */
  private boolean isOfMask(String tensor) {
    boolean mask = false;
    Set<String> seen = new HashSet<>(Set.of(tensor));
    Deque<String> open = new ArrayDeque<>(seen);
    while (!open.isEmpty()) {
      String next = open.pop();
      NodeProto maker = graph.maker(next);
      if (next.equals(GraphRequirements.ATTENTION_MASK)) {
        mask = true;
      } else if (maker == null) {
        if (!graph.isConstant(next)) {
          return false;
        }
      } else if (!maker.getOpType().equals("Shape")) {
        maker.getInputList().stream()
            .filter(input -> !input.isEmpty() && seen.add(input))
            .forEach(open::push);
      }
    }
    return mask;
  }

  private Split key(String tensor) {
    Split once = split(tensor, HEADS_FIRST_TRANSPOSED);
    if (once != null) {
      return once;
    }
    Scaled scaled = scaled(tensor);
    Split twice = split(transposed(scaled.tensor(), TRANSPOSED), HEADS_FIRST);
    return twice == null
        ? null
        : new Split(twice.tensor(), twice.heads(), twice.factor() * scaled.factor());
  }

  private Split split(String tensor, List<Long> permutation) {
    if (tensor == null) {
      return null;
    }
    Scaled outer = scaled(tensor);
    String transposed = transposed(outer.tensor(), permutation);
    if (transposed == null) {
      return null;
    }
    Scaled inner = scaled(transposed);
    NodeProto reshape = maker(inner.tensor(), "Reshape");
    OptionalLong heads = reshape == null ? OptionalLong.empty() : heads(reshape);
    return heads.isEmpty()
        ? null
        : new Split(reshape.getInput(0), heads.getAsLong(), outer.factor() * inner.factor());
  }

  /** What is behind multiplications with and divisions by one number. */
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
      if (right.isPresent()) {
        factor = division ? factor / right.getAsDouble() : factor * right.getAsDouble();
        at = graph.origin(node.getInput(0));
      } else if (left.isPresent()) {
        factor *= left.getAsDouble();
        at = graph.origin(node.getInput(1));
      } else {
        return new Scaled(at, factor);
      }
    }
  }

  /** The input of a transposition with this permutation, or null if none makes the tensor. */
  private String transposed(String tensor, List<Long> permutation) {
    NodeProto transpose = tensor == null ? null : maker(tensor, "Transpose");
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

  /** Of {@code [B, L, heads, width]}, of which one of the last two may be left to ONNX as -1. */
  private OptionalLong heads(NodeProto reshape) {
    String shape = reshape.getInput(1);
    NodeProto concat = maker(shape, "Concat");
    boolean parts = concat != null && concat.getInputCount() == 4;
    OptionalLong heads = parts ? whole(concat.getInput(2), 0, 1) : whole(shape, 2, 4);
    OptionalLong width = parts ? whole(concat.getInput(3), 0, 1) : whole(shape, 3, 4);
    if (heads.isPresent() && heads.getAsLong() == -1 && width.orElse(0) > 0) {
      long all = width(graph.origin(reshape.getInput(0)));
      return all > 0 && all % width.getAsLong() == 0
          ? OptionalLong.of(all / width.getAsLong())
          : OptionalLong.empty();
    }
    return heads.orElse(0) > 0 ? heads : OptionalLong.empty();
  }

  /** H of a dense layer's output {@code [B, L, H]}, by its weights; 0 if it is something else. */
  private long width(String tensor) {
    NodeProto node = graph.maker(tensor);
    if (node == null) {
      return 0;
    }
    // The last dimension is that of the weights, and of a bias that has one value for each.
    boolean dense = Set.of("Add", "MatMul", "MatMulIntegerToFloat").contains(node.getOpType());
    return dense
        ? node.getInputList().stream()
            .map(weights::get)
            .filter(weight -> weight != null && weight.getDimsCount() > 0)
            .mapToLong(weight -> weight.getDims(weight.getDimsCount() - 1))
            .max()
            .orElse(0)
        : 0;
  }

  /** An entry of a constant int64 tensor that has {@code size} of them. */
  private OptionalLong whole(String tensor, int entry, int size) {
    String at = graph.origin(tensor);
    // An axis added to a constant changes nothing here.
    boolean added = graph.operator(at).equals("Unsqueeze");
    TensorProto found = constant(added ? graph.origin(graph.maker(at).getInput(0)) : at);
    if (found == null || found.getDataType() != DataType.INT64.getNumber()) {
      return OptionalLong.empty();
    }
    if (found.getInt64DataCount() == size) {
      return OptionalLong.of(found.getInt64Data(entry));
    }
    ByteBuffer raw = found.getRawData().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    return raw.remaining() == Long.BYTES * size
        ? OptionalLong.of(raw.getLong(raw.position() + Long.BYTES * entry))
        : OptionalLong.empty();
  }

  /** The one value of a constant float32 tensor. */
  private OptionalDouble number(String tensor) {
    TensorProto found = constant(graph.origin(tensor));
    boolean one =
        found != null
            && found.getDataType() == DataType.FLOAT.getNumber()
            && found.getDimsList().stream().allMatch(dim -> dim == 1);
    return one ? OptionalDouble.of(values.of(found)[0]) : OptionalDouble.empty();
  }

  private boolean isConstant(String tensor) {
    return constant(graph.origin(tensor)) != null;
  }

  private TensorProto constant(String tensor) {
    if (weights.containsKey(tensor)) {
      return weights.get(tensor);
    }
    return graph.operator(tensor).equals("Constant")
        ? graph.maker(tensor).getAttributeList().stream()
            .filter(attribute -> attribute.getName().equals("value"))
            .map(AttributeProto::getT)
            .findFirst()
            .orElse(null)
        : null;
  }

  /** The node behind a tensor if it is this operator, or null. */
  private NodeProto maker(String tensor, String operator) {
    if (tensor == null) {
      return null;
    }
    NodeProto maker = graph.maker(graph.origin(tensor));
    return maker != null && maker.getOpType().equals(operator) ? maker : null;
  }
}
