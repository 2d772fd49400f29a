package io.embark.testing.kinds;

import ai.onnxruntime.OrtException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Makes {@code src/test/resources/models}; its README says from what. */
final class MakeModelKinds {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Capitals, empty, spaces of several sorts around, accents, special tokens. */
  private static final int[] TEXTS = {0, 3, 6, 8, 20, 24, 42};

  /** Of characters that the tokenizer's map leaves alone. */
  private static final int[] PLAIN = {0, 3, 6, 8, 50};

  private static final int[] WITH_PROMPT = {0, 3, 6, 8, 20};
  private static final String PROMPT = "query: ";

  private final Path from;
  private final Path to;
  private final String[] texts;
  private final Map<String, ModelKinds.Declared> kinds = new LinkedHashMap<>();
  private final Map<String, JsonNode> references = new LinkedHashMap<>();
  private final PrunedTokenizers tokenizers;
  private final PrunedGraphs graphs;

  private MakeModelKinds(Path from, Path to) throws IOException {
    this.from = from;
    this.to = to;
    this.tokenizers = new PrunedTokenizers(to);
    this.graphs = new PrunedGraphs(from, to);
    this.texts = JSON.readValue(from.resolve("texts.json").toFile(), String[].class);
  }

  /**
   * @param args the directory of the models with references, and the directory to write to
   */
  public static void main(String[] args) throws IOException, OrtException {
    new MakeModelKinds(Path.of(args[0]), Path.of(args[1])).make();
  }

  private void make() throws IOException, OrtException {
    Files.createDirectories(to.resolve("graphs"));
    Files.createDirectories(to.resolve("tokenizers"));
    tokenizer("bert_uncased", "mod.labse.bert_uncased.new", TEXTS);
    tokenizer("bert_cased", "nomod.labse", TEXTS);
    List<long[]> bertTexts =
        new ArrayList<>(
            PrunedTokenizers.ids(to.resolve("tokenizers/bert_uncased.json"), texts("", TEXTS)));
    bertTexts.addAll(
        PrunedTokenizers.ids(to.resolve("tokenizers/bert_cased.json"), texts("", TEXTS)));
    graphs.bert(tokenizers.bertIds(), tokenizers.longest(), bertTexts);
    graphs.table("roberta", "base.roberta.new", tokenizer("roberta", "base.roberta.new", TEXTS));
    graphs.table("qwen3", "base.qwen3.new", qwen3());
    String three = "file.multi_dsc.xlmr_meta";
    graphs.table("xlmr-three-outputs", three, tokenizer("xlmr", three, PLAIN));
    for (String kind : List.of("labse", "layernorm", "truncate", "pool_hidden_minus2")) {
      kind("mod." + kind + ".bert_uncased.new", "bert", "bert_uncased", TEXTS);
    }
    kind("mod.distiluse.bert_uncased.old22", "bert", "bert_uncased", TEXTS);
    kind("mod.prompt_null.bert_uncased.old3", "bert", "bert_uncased", TEXTS);
    kind("mod.pool_both_keys.bert_uncased.old3", "bert", "bert_uncased", TEXTS);
    kind("mod.tokcfg_lower_true.bert_cased.old22", "bert", "bert_cased", TEXTS);
    kind("file.static.bert_uncased", "bert", "bert_uncased", TEXTS);
    kind("nomod.labse", "bert-with-vector", "bert_cased", TEXTS);
    kind("base.roberta.new", "roberta", "roberta", TEXTS);
    kind("len.nolen.roberta.new", "roberta", "roberta", TEXTS);
    kind("base.qwen3.new", "qwen3", "qwen3", TEXTS);
    kind("mod.chat.qwen3.new", "qwen3", "qwen3", TEXTS);
    kind("mod.exclude.qwen3.new", "qwen3", "qwen3", WITH_PROMPT);
    kind(three, "xlmr-three-outputs", "xlmr", PLAIN);
    JSON.writerWithDefaultPrettyPrinter().writeValue(to.resolve("kinds.json").toFile(), kinds);
    PrunedGraphs.zipped(to.resolve("references.json.gz"), JSON.writeValueAsBytes(references));
  }

  /** With and without the prompt, so that one tokenizer and one graph serve both. */
  private Map<long[], long[]> qwen3() throws IOException {
    List<String> all = new ArrayList<>(texts("", TEXTS));
    all.addAll(texts(PROMPT, WITH_PROMPT));
    return tokenizers.prune("qwen3", from.resolve("base.qwen3.new/tokenizer.json"), all);
  }

  private Map<long[], long[]> tokenizer(String name, String model, int[] lines) throws IOException {
    return tokenizers.prune(name, from.resolve(model).resolve("tokenizer.json"), texts("", lines));
  }

  private List<String> texts(String prompt, int[] lines) {
    return Arrays.stream(lines).mapToObj(line -> prompt + texts[line]).toList();
  }

  /** Copies what is small as it is, and notes the references. */
  private void kind(String name, String graph, String tokenizer, int[] lines) throws IOException {
    Path model = from.resolve(name);
    Path own = to.resolve("kinds").resolve(name);
    try (var files = Files.walk(model)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String path = model.relativize(file).toString();
        Path target = own.resolve(path);
        if (path.startsWith("onnx") || path.equals("tokenizer.json") || path.startsWith("ref")) {
          continue;
        }
        Files.createDirectories(target.getParent());
        if (path.equals("model.safetensors")) {
          ByteString bytes = ByteString.copyFrom(Files.readAllBytes(file));
          int header =
              8
                  + (int)
                      ByteBuffer.wrap(bytes.toByteArray()).order(ByteOrder.LITTLE_ENDIAN).getLong();
          PrunedGraphs.zipped(
              own.resolve(path + ".gz"),
              PrunedGraphs.rows(bytes, header, tokenizers.bertIds()).toByteArray());
        } else {
          Files.copy(file, target, StandardCopyOption.REPLACE_EXISTING);
        }
      }
    }
    kinds.put(name, new ModelKinds.Declared(graph, tokenizer, texts("", lines)));
    if (Files.exists(model.resolve("reference.jsonl"))) {
      List<String> vectors = Files.readAllLines(model.resolve("reference.jsonl"));
      var kept = JSON.createArrayNode();
      for (int line : lines) {
        kept.add(JSON.readTree(vectors.get(line)));
      }
      references.put(name, kept);
    }
  }
}
