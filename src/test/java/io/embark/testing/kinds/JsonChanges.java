package io.embark.testing.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Every way in which one value of a JSON file can be another than its author meant. */
public final class JsonChanges {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private JsonChanges() {}

  /**
   * A file in which one value is another.
   *
   * @param what place and change, for messages
   * @param key the name of the value, or of the list that it is in; "" at the top
   * @param value the new value; null if it is dropped
   * @param wrong whether the value is of another type now, or a number that counts nothing: it
   *     cannot be meant
   */
  public record Change(String what, String key, JsonNode value, boolean wrong, JsonNode changed) {}

  public static List<Change> of(JsonNode file) {
    List<Change> changes = new ArrayList<>();
    collect(file, file, "", "", changes);
    values()
        .forEach((what, value) -> changes.add(new Change("all " + what, "", value, false, value)));
    return changes;
  }

  private static Map<String, JsonNode> values() {
    Map<String, JsonNode> values = new LinkedHashMap<>();
    values.put("null", NODES.nullNode());
    values.put("a text", NODES.textNode("odd"));
    values.put("an empty text", NODES.textNode(""));
    values.put("NaN as text", NODES.textNode("NaN"));
    values.put("NaN", NODES.numberNode(Double.NaN));
    values.put("infinity", NODES.numberNode(Double.POSITIVE_INFINITY));
    values.put("0", NODES.numberNode(0));
    values.put("-1", NODES.numberNode(-1));
    values.put("a fraction", NODES.numberNode(7.5));
    values.put("a huge number", NODES.numberNode(BigInteger.TEN.pow(40)));
    values.put("a huge fraction", NODES.numberNode(1e300));
    values.put("true", NODES.booleanNode(true));
    values.put("false", NODES.booleanNode(false));
    values.put("an empty list", NODES.arrayNode());
    values.put("a list", NODES.arrayNode().add(1).add("odd").add(NODES.objectNode()));
    values.put("an empty object", NODES.objectNode());
    values.put("an object", NODES.objectNode().set("odd", NODES.arrayNode().add(1)));
    return values;
  }

  /** Changes what stands in a node; the root is copied with each change in it. */
  private static void collect(
      JsonNode root, JsonNode node, String place, String key, List<Change> changes) {
    List<String> steps = new ArrayList<>();
    if (node.isObject()) {
      node.fieldNames().forEachRemaining(steps::add);
      JsonNode copy = root.deepCopy();
      ((ObjectNode) at(copy, place)).put("odd_key_of_nobody", "odd");
      changes.add(new Change(place + " one key more", "odd_key_of_nobody", null, false, copy));
    } else if (node.isArray()) {
      for (int i = 0; i < node.size(); i++) {
        steps.add(Integer.toString(i));
      }
    }
    for (String step : steps) {
      String name = node.isObject() ? step : key;
      String inside = place + "/" + step.replace("~", "~0").replace("/", "~1");
      JsonNode old = at(root, inside);
      changes.add(
          new Change(inside + " dropped", name, null, false, with(root, place, step, null)));
      values()
          .forEach(
              (what, value) -> {
                if (!value.equals(old)) {
                  changes.add(
                      new Change(
                          inside + " is " + what,
                          name,
                          value,
                          isWrong(old, value),
                          with(root, place, step, value)));
                }
              });
      collect(root, old, inside, name, changes);
    }
  }

  /** Null is absent rather than wrong. */
  private static boolean isWrong(JsonNode old, JsonNode value) {
    if (old.isNull() || value.isNull()) {
      return false;
    }
    boolean counts = value.canConvertToInt() && value.intValue() >= 0;
    return value.getNodeType() != old.getNodeType() || value.isNumber() && !counts;
  }

  private static JsonNode at(JsonNode root, String place) {
    return root.at(place);
  }

  private static JsonNode with(JsonNode root, String place, String step, JsonNode value) {
    JsonNode copy = root.deepCopy();
    JsonNode parent = at(copy, place);
    if (parent instanceof ArrayNode list) {
      int index = Integer.parseInt(step);
      if (value == null) {
        list.remove(index);
      } else {
        list.set(index, value);
      }
    } else if (value == null) {
      ((ObjectNode) parent).remove(step);
    } else {
      ((ObjectNode) parent).set(step, value);
    }
    return copy;
  }
}
