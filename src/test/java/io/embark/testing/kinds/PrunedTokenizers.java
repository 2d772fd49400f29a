package io.embark.testing.kinds;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.embark.token.HfTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** Tokenizers cut to what some texts need, and the proof that these texts keep their tokens. */
final class PrunedTokenizers {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int NO_CUT = 1024;

  private final Path to;
  private final TreeSet<Long> bertIds = new TreeSet<>();
  private int longest;

  PrunedTokenizers(Path to) {
    this.to = to;
  }

  /** Ids that texts have by the tokenizers of BERT. */
  TreeSet<Long> bertIds() {
    return bertIds;
  }

  /** Tokens of the longest text of those pruned so far. */
  int longest() {
    return longest;
  }

  /** Prunes a tokenizer; gives each text's ids by the whole one and by the pruned one. */
  Map<long[], long[]> prune(String name, Path whole, List<String> texts) throws IOException {
    List<String> needed = new ArrayList<>(List.of("a"));
    needed.addAll(texts);
    Path lowering = Files.createTempFile("lowering", ".json");
    boolean bert = writeLowering(whole, lowering);
    List<Path> tokenizers = bert ? List.of(whole, lowering) : List.of(whole);
    TreeSet<Long> used = new TreeSet<>();
    for (Path tokenizer : tokenizers) {
      ids(tokenizer, needed).forEach(each -> Arrays.stream(each).forEach(used::add));
    }
    Path pruned = to.resolve("tokenizers").resolve(name + ".json");
    JSON.writeValue(pruned.toFile(), PrunedTokenizer.of(JSON.readTree(whole.toFile()), used));
    Map<long[], long[]> pairs = pairs(ids(whole, needed), ids(pruned, needed));
    if (bert) {
      List<long[]> wanted = ids(lowering, needed);
      writeLowering(pruned, lowering);
      pairs(wanted, ids(lowering, needed));
      bertIds.addAll(used);
    }
    return pairs;
  }

  /** Writes the same tokenizer with letters lowered; false if it has no such choice. */
  private static boolean writeLowering(Path tokenizer, Path target) throws IOException {
    ObjectNode root = (ObjectNode) JSON.readTree(tokenizer.toFile());
    if (!root.path("normalizer").has("lowercase")) {
      return false;
    }
    ((ObjectNode) root.get("normalizer")).put("lowercase", true);
    JSON.writeValue(target.toFile(), root);
    return true;
  }

  static List<long[]> ids(Path tokenizer, List<String> texts) throws IOException {
    try (HfTokenizer open = HfTokenizer.open(tokenizer, NO_CUT)) {
      return texts.stream().map(open::libraryIds).toList();
    }
  }

  /** Fails unless one id of the one list stands for one id of the other, and the reverse. */
  private Map<long[], long[]> pairs(List<long[]> whole, List<long[]> pruned) {
    Map<Long, Long> there = new HashMap<>();
    Map<Long, Long> back = new HashMap<>();
    Map<long[], long[]> pairs = new LinkedHashMap<>();
    for (int t = 0; t < whole.size(); t++) {
      long[] a = whole.get(t);
      long[] b = pruned.get(t);
      require(a.length == b.length, "tokens of text " + t);
      for (int i = 0; i < a.length; i++) {
        require(there.merge(a[i], b[i], (old, id) -> old) == b[i], "id " + a[i]);
        require(back.merge(b[i], a[i], (old, id) -> old) == a[i], "id back " + b[i]);
      }
      pairs.put(a, b);
      longest = Math.max(longest, a.length);
    }
    return pairs;
  }

  static void require(boolean holds, String what) {
    if (!holds) {
      throw new IllegalStateException("Not the same: " + what);
    }
  }
}
