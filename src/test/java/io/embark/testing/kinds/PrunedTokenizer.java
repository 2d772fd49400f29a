package io.embark.testing.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** A {@code tokenizer.json} with no more of its vocabulary than some texts need. */
final class PrunedTokenizer {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Pieces that every vocabulary of bytes or letters keeps, so that any text can be read. */
  private static final int LETTER = 1;

  private PrunedTokenizer() {}

  /**
   * Removes what is not used. Longest match, merges in their order and the best path choose among
   * fewer pieces what they chose among all, so the texts keep their tokens. Ids stay as they are,
   * but those of a Unigram model, which are places in a list.
   *
   * @param used the ids of the texts
   */
  static ObjectNode of(JsonNode whole, Collection<Long> used) {
    ObjectNode pruned = whole.deepCopy();
    ObjectNode model = (ObjectNode) pruned.get("model");
    switch (model.path("type").asText()) {
      case "WordPiece" -> keep(model, pieces(model, used));
      case "BPE" -> {
        keepMerged(model, pieces(model, used));
        keepIds(pruned.get("added_tokens"), (ObjectNode) model.get("vocab"));
      }
      case "Unigram" -> keepListed(pruned, model, new TreeSet<>(used));
      default ->
          throw new IllegalArgumentException("Cannot prune a model of " + model.path("type"));
    }
    return pruned;
  }

  /** Behind a vocabulary with gaps, transformers would count added tokens anew. */
  private static void keepIds(JsonNode added, ObjectNode vocabulary) {
    added.forEach(token -> vocabulary.set(token.get("content").asText(), token.get("id")));
  }

  private static Set<String> pieces(ObjectNode model, Collection<Long> used) {
    Set<String> kept = new HashSet<>();
    for (Map.Entry<String, JsonNode> piece : model.get("vocab").properties()) {
      String text = piece.getKey();
      boolean special = text.startsWith("[") && text.endsWith("]");
      if (used.contains(piece.getValue().asLong()) || special || text.startsWith("<")) {
        kept.add(text);
      }
    }
    return kept;
  }

  private static void keep(ObjectNode model, Set<String> pieces) {
    ((ObjectNode) model.get("vocab")).retain(pieces);
  }

  /** Keeps, with a piece, every merge that gives it and the parts of that merge. */
  private static void keepMerged(ObjectNode model, Set<String> pieces) {
    Map<String, List<JsonNode>> byResult = new HashMap<>();
    for (JsonNode merge : model.get("merges")) {
      String result = merge.get(0).asText() + merge.get(1).asText();
      byResult.computeIfAbsent(result, r -> new ArrayList<>()).add(merge);
    }
    List<String> open = new ArrayList<>(pieces);
    while (!open.isEmpty()) {
      for (JsonNode merge : byResult.getOrDefault(open.remove(open.size() - 1), List.of())) {
        for (JsonNode part : merge) {
          if (pieces.add(part.asText())) {
            open.add(part.asText());
          }
        }
      }
    }
    model.get("vocab").fieldNames().forEachRemaining(p -> addLetter(p, pieces));
    keep(model, pieces);
    Iterator<JsonNode> merges = model.get("merges").iterator();
    while (merges.hasNext()) {
      JsonNode merge = merges.next();
      if (!pieces.contains(merge.get(0).asText() + merge.get(1).asText())) {
        merges.remove();
      }
    }
  }

  private static void addLetter(String piece, Set<String> pieces) {
    if (piece.length() == LETTER) {
      pieces.add(piece);
    }
  }

  /**
   * Numbers the kept pieces anew. The map of characters, 300 KB of text, goes too: the texts must
   * be such that it changes none of them.
   */
  private static void keepListed(ObjectNode root, ObjectNode model, Set<Long> used) {
    ArrayNode kept = JSON.createArrayNode();
    Map<String, Integer> ids = new HashMap<>();
    JsonNode vocab = model.get("vocab");
    for (int id = 0; id < vocab.size(); id++) {
      String piece = vocab.get(id).get(0).asText();
      if (used.contains((long) id) || piece.startsWith("<") || piece.length() == LETTER) {
        ids.put(piece, kept.size());
        kept.add(vocab.get(id));
      }
    }
    model.set("vocab", kept);
    for (JsonNode added : root.get("added_tokens")) {
      ((ObjectNode) added).put("id", ids.get(added.get("content").asText()));
    }
    JsonNode normalizers = root.get("normalizer").get("normalizers");
    Iterator<JsonNode> each = normalizers.iterator();
    while (each.hasNext()) {
      if (each.next().path("type").asText().equals("Precompiled")) {
        each.remove();
      }
    }
  }
}
