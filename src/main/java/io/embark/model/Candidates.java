package io.embark.model;

import io.embark.UserError;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Looks for weights and tokenizer among a model's files, and says what there is where they are not.
 *
 * @param all every file
 * @param name the model as messages call it
 */
record Candidates(
    Predicate<String> exists, Supplier<? extends Collection<String>> all, String name) {
  static final String ONNX = ".onnx";
  private static final List<String> USUAL_GRAPHS = List.of("model.onnx", "onnx/model.onnx");

  /** The first module's folder of a model that does not say it: the only one named like one. */
  String firstModule(ModuleList modules) {
    if (!modules.modules().isEmpty() || exists.test(ModelFiles.TOKENIZER)) {
      return "";
    }
    List<String> folders =
        all.get().stream()
            .filter(file -> file.endsWith("/" + ModelFiles.TOKENIZER))
            .map(ModelFiles::folder)
            .filter(ModelFiles::isFirstModule)
            .toList();
    return folders.size() == 1 ? folders.get(0) : "";
  }

  /** The graph, of the transformer's folder before the model's own. */
  String graph(String transformerFolder, String modelFile) {
    List<String> candidates = new ArrayList<>();
    for (String folder : Stream.of(transformerFolder, "").distinct().toList()) {
      List<String> names = modelFile == null ? USUAL_GRAPHS : List.of(modelFile);
      names.forEach(file -> candidates.add(ModelFiles.in(folder, file)));
    }
    if (modelFile != null) {
      candidates.sort((a, b) -> Boolean.compare(b.equals(modelFile), a.equals(modelFile)));
    }
    return candidates.stream()
        .filter(exists)
        .findFirst()
        .orElseGet(() -> byFileName(candidates, modelFile));
  }

  private String byFileName(List<String> candidates, String modelFile) {
    List<String> graphs = all.get().stream().filter(file -> file.endsWith(ONNX)).sorted().toList();
    List<String> called =
        graphs.stream()
            .filter(file -> modelFile != null && file.endsWith("/" + modelFile))
            .toList();
    if (called.size() == 1) {
      return called.get(0);
    }
    if (called.size() > 1) {
      throw new UserError(
          "Model %s has several graphs called %s: %s. Name one with its folder: --model-file %s"
              .formatted(name, modelFile, ModelFiles.inWords(called), called.get(0)));
    }
    String missing = "Model %s has no graph at %s".formatted(name, String.join(" or ", candidates));
    if (!graphs.isEmpty()) {
      throw new UserError(
          "%s; found %s. Choose one with --model-file, for example --model-file %s"
              .formatted(missing, ModelFiles.inWords(graphs), graphs.get(0)));
    }
    throw new UserError(
        ("%s; found %s. Name it with --model-file, or export the model:"
                + " optimum-cli export onnx --task feature-extraction --model ... DIR")
            .formatted(missing, ModelFiles.inWords(all.get())));
  }

  /** The matrix of a static model, in its module's folder or the model's own. */
  String matrix(String folder, String modelFile) {
    List<String> candidates =
        Stream.of(folder, "")
            .map(f -> ModelFiles.in(f, ModelFiles.SAFETENSORS))
            .distinct()
            .toList();
    if (modelFile != null && !candidates.contains(modelFile)) {
      throw new UserError(
          ("Model %s is static, a matrix with a vector for each token: it has no graph to choose,"
                  + " so --model-file %s cannot be used. Leave it out.")
              .formatted(name, modelFile));
    }
    return candidates.stream()
        .filter(exists)
        .findFirst()
        .orElseThrow(
            () ->
                new UserError(
                    ("Model %s is static and has no matrix at %s; found %s.%s Save it with"
                            + " safe_serialization=True, as sentence-transformers does by itself.")
                        .formatted(
                            name,
                            String.join(" or ", candidates),
                            ModelFiles.inWords(all.get()),
                            exists.test(ModelFiles.in(folder, ModelFiles.PICKLE))
                                ? " A pytorch_model.bin can be read by Python only."
                                : "")));
  }

  /** The tokenizer in the first of these folders that has one. */
  String tokenizer(List<String> folders) {
    return folders.stream()
        .map(folder -> ModelFiles.in(folder, ModelFiles.TOKENIZER))
        .filter(exists)
        .findFirst()
        .orElseThrow(
            () ->
                new UserError(
                    ("Model %s has no tokenizer.json; found %s. Save the tokenizer with"
                            + " AutoTokenizer.from_pretrained(..., use_fast=True)"
                            + ".save_pretrained(DIR).")
                        .formatted(name, ModelFiles.inWords(all.get()))));
  }
}
