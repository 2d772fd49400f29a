package io.embark.testing;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.embark.token.HfTokenizer;
import io.embark.token.Tokenizer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A tokenizer of each family: what chunks must not depend on. */
public enum TinyTokenizers {
  /** MiniLM's: words of more than 100 characters are one unknown token, spaces are none. */
  WORD_PIECE {
    @Override
    public Path write(Path directory) {
      return TinyModels.writeTokenizer(directory.resolve("wordpiece"));
    }
  },
  /** Bytes and a few merges: up to four tokens for a character, spaces belong to words. */
  BYTE_LEVEL {
    @Override
    public Path write(Path directory) {
      ObjectNode vocab = JSON.createObjectNode();
      int extra = 256;
      for (int b = 0; b < 256; b++) {
        // As GPT-2 does: bytes that do not print stand for characters from 256 on.
        boolean prints = b >= 33 && b <= 126 || b >= 161 && b <= 172 || b >= 174;
        vocab.put(Character.toString(prints ? b : extra++), b);
      }
      ArrayNode merges = JSON.createArrayNode();
      String[][] pairs = {{"t", "h"}, {"th", "e"}, {"i", "n"}, {"Ġ", "w"}, {"o", "r"}, {"a", "t"}};
      for (String[] pair : pairs) {
        merges.add(pair[0] + " " + pair[1]);
        vocab.put(pair[0] + pair[1], vocab.size());
      }
      ObjectNode root = root();
      root.putObject("pre_tokenizer")
          .put("type", "ByteLevel")
          .put("add_prefix_space", false)
          .put("trim_offsets", false)
          .put("use_regex", true);
      ObjectNode model = root.putObject("model").put("type", "BPE");
      model.set("vocab", vocab);
      model.set("merges", merges);
      return save(directory.resolve("bytelevel.json"), root);
    }
  },
  /** SentencePiece's kind: a space becomes part of the word behind it, and one is put in front. */
  UNIGRAM {
    @Override
    public Path write(Path directory) {
      ObjectNode root = root();
      root.putObject("normalizer").put("type", "NFKC");
      root.putObject("pre_tokenizer")
          .put("type", "Metaspace")
          .put("replacement", "▁")
          .put("prepend_scheme", "always")
          .put("split", true);
      ObjectNode model = root.putObject("model").put("type", "Unigram").put("unk_id", 0);
      ArrayNode vocab = model.putArray("vocab");
      piece(vocab, "<unk>", 0);
      for (String word :
          "▁ ▁The ▁cat ▁word ▁sat ing ment ism anti dis Привет 我们 今天 на".split(" ")) {
        piece(vocab, word, -3);
      }
      for (char c = 'a'; c <= 'z'; c++) {
        piece(vocab, String.valueOf(c), -6);
      }
      return save(directory.resolve("unigram.json"), root);
    }
  };

  private static final ObjectMapper JSON = new ObjectMapper();

  /** Writes the file into a directory. */
  public abstract Path write(Path directory);

  /** Writes the file and opens it. */
  public Tokenizer open(Path directory, int maxLength) {
    try {
      return HfTokenizer.open(write(directory), maxLength);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static ObjectNode root() {
    ObjectNode root = JSON.createObjectNode();
    root.put("version", "1.0");
    root.putArray("added_tokens");
    return root;
  }

  private static void piece(ArrayNode vocab, String text, double score) {
    vocab.addArray().add(text).add(score);
  }

  private static Path save(Path file, ObjectNode root) {
    try {
      JSON.writeValue(file.toFile(), root);
      Files.size(file);
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
