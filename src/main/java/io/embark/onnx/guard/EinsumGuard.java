package io.embark.onnx.guard;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import io.embark.UserError;
import java.util.regex.Pattern;

/**
 * The equation of an Einsum, such as {@code bhid,bhjd->bhij}: a term for each input, with a letter
 * for each of its dimensions or {@code ...} for some of them. Stricter than the standard, which has
 * terms of no letter and letters that are twice in a term; encoders of texts have neither.
 */
final class EinsumGuard {
  private static final Pattern TERM = Pattern.compile("[A-Za-z]*(\\.\\.\\.)?[A-Za-z]*");
  private static final String OTHERS = "...";

  private EinsumGuard() {}

  /**
   * @throws UserError if the equation is none of the node's inputs
   */
  static void require(NodeProto node, Scope scope) {
    String equation =
        node.getAttributeList().stream()
            .filter(attribute -> attribute.getName().equals("equation"))
            .map(AttributeProto::getS)
            .findFirst()
            .orElseThrow(() -> NodeGuard.broken(node, "it has no equation"))
            .toStringUtf8()
            .replace(" ", "");
    String[] sides = equation.split("->", -1);
    String[] terms = sides[0].split(",", -1);
    if (sides.length > 2 || terms.length != node.getInputCount()) {
      throw broken(node, equation, "is not one of " + node.getInputCount() + " inputs");
    }
    for (int i = 0; i < terms.length; i++) {
      requireTerm(node, equation, terms[i]);
      int letters = letters(terms[i]).length();
      int rank = scope.rank(node.getInput(i));
      boolean fits = terms[i].contains(OTHERS) ? letters <= rank : letters == rank;
      if (terms[i].isEmpty() || rank >= 0 && !fits) {
        throw broken(
            node,
            equation,
            "has %d letters for input `%s`, whose dimensions are %s"
                .formatted(letters, node.getInput(i), rank < 0 ? "not known" : rank));
      }
    }
    if (sides.length == 2) {
      requireTerm(node, equation, sides[1]);
      boolean known = letters(sides[1]).chars().allMatch(c -> sides[0].indexOf(c) >= 0);
      if (!known || sides[0].contains(OTHERS) != sides[1].contains(OTHERS)) {
        throw broken(node, equation, "has a result that is not made of its inputs");
      }
    }
  }

  private static void requireTerm(NodeProto node, String equation, String term) {
    String letters = letters(term);
    if (!TERM.matcher(term).matches() || letters.chars().distinct().count() < letters.length()) {
      throw broken(node, equation, "has the term '" + term + "', wanted are letters, each once");
    }
  }

  private static String letters(String term) {
    return term.replace(OTHERS, "");
  }

  private static UserError broken(NodeProto node, String equation, String what) {
    return NodeGuard.broken(node, "equation '%s' %s", equation, what);
  }
}
