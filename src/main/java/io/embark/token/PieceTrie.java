package io.embark.token;

import java.util.Arrays;
import java.util.Map;

/** The pieces of a vocabulary that are ASCII, by their characters. */
final class PieceTrie {
  /** The node where words begin, and the one where they go on. */
  static final int BEGIN = 0;

  static final int CONTINUE = 1;

  /** Of {@link #next} and {@link #id}. */
  static final int NONE = -1;

  private static final int CHAR_BITS = 7;

  /** Hash table with open addressing: a node and a character, and the node they lead to. */
  private int[] keys = new int[1 << 16];

  private int[] targets = new int[keys.length];
  private int edges;

  /** Of a node, the id of the piece that ends there. */
  private int[] ids = new int[1 << 12];

  private int nodes = 2;

  private PieceTrie() {
    Arrays.fill(ids, NONE);
  }

  /**
   * @param continuing what pieces that go on with a word begin with
   */
  static PieceTrie of(Map<String, Long> vocabulary, String continuing) {
    PieceTrie trie = new PieceTrie();
    vocabulary.forEach(
        (piece, id) -> {
          if (!piece.isEmpty() && piece.chars().allMatch(c -> c > 0 && c < 1 << CHAR_BITS)) {
            trie.add(BEGIN, piece, Math.toIntExact(id));
            if (piece.startsWith(continuing) && piece.length() > continuing.length()) {
              trie.add(CONTINUE, piece.substring(continuing.length()), Math.toIntExact(id));
            }
          }
        });
    return trie;
  }

  private void add(int root, String piece, int id) {
    int node = root;
    for (int i = 0; i < piece.length(); i++) {
      int next = next(node, (byte) piece.charAt(i));
      node = next == NONE ? link(node, (byte) piece.charAt(i)) : next;
    }
    ids[node] = id;
  }

  private int link(int node, byte c) {
    if (nodes == ids.length) {
      ids = Arrays.copyOf(ids, 2 * nodes);
      Arrays.fill(ids, nodes, ids.length, NONE);
    }
    if (2 * ++edges > keys.length) {
      int[] oldKeys = keys;
      int[] oldTargets = targets;
      keys = new int[2 * oldKeys.length];
      targets = new int[keys.length];
      for (int i = 0; i < oldKeys.length; i++) {
        if (oldKeys[i] != 0) {
          put(oldKeys[i], oldTargets[i]);
        }
      }
    }
    put(key(node, c), nodes);
    return nodes++;
  }

  private void put(int key, int target) {
    int slot = slot(key);
    keys[slot] = key;
    targets[slot] = target;
  }

  /** Never 0, as no character is. */
  private static int key(int node, byte c) {
    return node << CHAR_BITS | c;
  }

  private int slot(int key) {
    int mask = keys.length - 1;
    int slot = (key * 0x9E3779B1 >>> 8) & mask;
    while (keys[slot] != key && keys[slot] != 0) {
      slot = slot + 1 & mask;
    }
    return slot;
  }

  /** The node that a character leads to, or {@link #NONE}. */
  int next(int node, byte c) {
    int slot = slot(key(node, c));
    return keys[slot] == 0 ? NONE : targets[slot];
  }

  int id(int node) {
    return ids[node];
  }
}
