package io.embark.model.store;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Where the files of a model lie, and which of them are wanted.
 *
 * @param modules the contents of modules.json, or null for none
 * @param files divided by spaces
 * @param modelFile as the user gives it
 * @param graph the path wanted
 */
record Layout(String modules, String files, String modelFile, String graph, String tokenizer) {
  static final String ROOT =
      "[{\"path\": \"\", \"type\": \"sentence_transformers.models.Transformer\"}]";

  /** A list of modules that can be run, and its pooling's settings. */
  static final Map<String, String> POOLED =
      Map.of(
          "modules.json",
          ROOT.replace(
              "]",
              ", {\"path\": \"1_Pooling\", \"type\": \"sentence_transformers.models.Pooling\"}]"),
          "1_Pooling/config.json",
          "{\"pooling_mode\": \"mean\"}");

  static final String ZERO =
      "[{\"path\": \"0_Transformer\", \"type\": \"sentence_transformers.models.Transformer\"}]";
  static final String STATIC =
      "[{\"path\": \"%s\", \"type\": \"sentence_transformers.models.StaticEmbedding\"}]";

  /** Every place of the graph that is looked at by itself, with every place of the tokenizer. */
  static List<Layout> usual() {
    List<Layout> all = new ArrayList<>();
    for (String modules : Arrays.asList(null, "[]", ROOT)) {
      for (String graph : List.of("model.onnx", "onnx/model.onnx")) {
        String later = " onnx/model.onnx onnx/tokenizer.json 0_Transformer/model.onnx";
        all.add(new Layout(modules, "tokenizer.json " + graph, null, graph, "tokenizer.json"));
        all.add(
            new Layout(modules, "tokenizer.json " + graph + later, null, graph, "tokenizer.json"));
      }
      all.add(
          new Layout(
              modules,
              "onnx/tokenizer.json onnx/model.onnx",
              null,
              "onnx/model.onnx",
              "onnx/tokenizer.json"));
    }
    String zero = "0_Transformer/";
    for (String modules : Arrays.asList(null, ZERO)) {
      for (String graph :
          List.of(zero + "model.onnx", zero + "onnx/model.onnx", "model.onnx", "onnx/model.onnx")) {
        all.add(
            new Layout(
                modules,
                zero + "tokenizer.json " + zero + "config.json " + graph,
                null,
                graph,
                zero + "tokenizer.json"));
      }
    }
    for (String graph : List.of(zero + "model.onnx", "onnx/model.onnx")) {
      all.add(new Layout(ZERO, "tokenizer.json " + graph, null, graph, "tokenizer.json"));
      all.add(
          new Layout(
              ZERO,
              "tokenizer.json " + zero + "tokenizer.json " + graph,
              null,
              graph,
              zero + "tokenizer.json"));
    }
    String own = ZERO.replace("0_Transformer", "encoder");
    for (String graph : List.of("encoder/model.onnx", "onnx/model.onnx")) {
      String files = "encoder/tokenizer.json " + graph;
      all.add(new Layout(own, files, null, graph, "encoder/tokenizer.json"));
    }
    for (String matrix : List.of("model.safetensors", "0_StaticEmbedding/model.safetensors")) {
      String at = matrix.substring(0, matrix.lastIndexOf('/') + 1);
      String modules = STATIC.formatted(at.replace("/", ""));
      String graphs = " onnx/model.onnx model.onnx";
      all.add(
          new Layout(
              modules, at + "tokenizer.json " + matrix, null, matrix, at + "tokenizer.json"));
      all.add(
          new Layout(modules, "tokenizer.json " + matrix + graphs, null, matrix, "tokenizer.json"));
    }
    return all;
  }

  /** The variants that the exporters write, each chosen by path and by file name. */
  static List<Layout> variants() {
    List<Layout> all = new ArrayList<>();
    for (String variant :
        List.of(
            "O1",
            "O4",
            "quantized",
            "qint8_avx512_vnni",
            "qint8_arm64",
            "quint8_avx2",
            "fp16",
            "int8",
            "uint8",
            "q4",
            "q4f16",
            "bnb4")) {
      String file = "model_" + variant + ".onnx";
      for (String at : List.of("", "onnx/", "0_Transformer/onnx/")) {
        String modules = at.startsWith("0_") ? ZERO : ROOT;
        String files = "tokenizer.json onnx/other.onnx model.onnx " + at + file;
        all.add(new Layout(modules, files, file, at + file, "tokenizer.json"));
        all.add(new Layout(modules, files, at + file, at + file, "tokenizer.json"));
      }
      all.add(
          new Layout(
              ZERO,
              "tokenizer.json 0_Transformer/onnx/" + file,
              "onnx/" + file,
              "0_Transformer/onnx/" + file,
              "tokenizer.json"));
    }
    return all;
  }

  /** Contents by path; those of all but the list of modules are their path. */
  Map<String, String> entries() {
    Map<String, String> entries = new TreeMap<>();
    for (String file : files.split(" ")) {
      entries.put(file, file);
    }
    if (modules != null) {
      entries.put("modules.json", modules);
    }
    return entries;
  }
}
