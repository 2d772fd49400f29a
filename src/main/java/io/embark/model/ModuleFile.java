package io.embark.model;

import io.embark.UserError;
import io.embark.json.JsonFile;
import io.embark.pooling.Activation;
import io.embark.pooling.VectorModule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A module behind the pooling as its folder describes it: {@code 2_Dense}, {@code 3_LayerNorm}. Its
 * weights are read when it is loaded.
 *
 * @param name the folder's name
 * @param label what it computes, in words
 * @param weights the file that holds its weights, if it has some
 */
record ModuleFile(String name, String label, Optional<Path> weights, Loader loader) {
  private static final int MOST = 1_000_000;

  /** Makes the module of its weights. */
  interface Loader {
    VectorModule load() throws IOException;
  }

  static ModuleFile normalize(String name) {
    VectorModule module = new VectorModule.Normalize(name);
    return new ModuleFile(name, module.label(), Optional.empty(), () -> module);
  }

  /**
   * @throws UserError if it is not as sentence-transformers writes it, or Embark cannot compute it
   */
  static ModuleFile dense(Path folder, String name) throws IOException {
    JsonFile config =
        JsonFile.object(folder.resolve("config.json"))
            .requireKnown(
                "in_features",
                "out_features",
                "bias",
                "activation_function",
                "module_input_name",
                "module_output_name",
                "use_residual");
    requireSentenceEmbedding(config);
    int inputs = config.require("in_features", config.number("in_features", 1, MOST));
    int outputs = config.require("out_features", config.number("out_features", 1, MOST));
    boolean bias = config.flag("bias").orElse(true);
    boolean residual = config.flag("use_residual").orElse(false);
    Activation activation = activation(config);
    Path weights = weights(folder);
    String label = "dense %d to %d, %s".formatted(inputs, outputs, activation.label());
    return new ModuleFile(
        name,
        residual ? label + ", residual" : label,
        Optional.of(weights),
        () -> {
          SafeTensors tensors = SafeTensors.open(weights);
          Set<String> wanted = new TreeSet<>(Set.of("linear.weight"));
          boolean projects = residual && inputs != outputs;
          if (bias) {
            wanted.add("linear.bias");
          }
          if (projects) {
            wanted.add("residual.weight");
          }
          requireTensors(tensors, wanted, weights);
          return new VectorModule.Dense(
              name,
              inputs,
              outputs,
              values(tensors, weights, "linear.weight", outputs, inputs),
              bias ? values(tensors, weights, "linear.bias", outputs) : null,
              projects
                  ? values(tensors, weights, "residual.weight", outputs, inputs)
                  : residual ? new float[0] : null,
              activation);
        });
  }

  /**
   * @throws UserError if it is not as sentence-transformers writes it
   */
  static ModuleFile layerNorm(Path folder, String name) throws IOException {
    JsonFile config = JsonFile.object(folder.resolve("config.json")).requireKnown("dimension");
    int dimension = config.require("dimension", config.number("dimension", 1, MOST));
    Path weights = weights(folder);
    return new ModuleFile(
        name,
        "layer norm of %d".formatted(dimension),
        Optional.of(weights),
        () -> {
          SafeTensors tensors = SafeTensors.open(weights);
          requireTensors(tensors, new TreeSet<>(Set.of("norm.weight", "norm.bias")), weights);
          return new VectorModule.LayerNorm(
              name,
              values(tensors, weights, "norm.weight", dimension),
              values(tensors, weights, "norm.bias", dimension));
        });
  }

  /** Refuses a module of token states, or one that leaves its result somewhere else. */
  static void requireSentenceEmbedding(JsonFile config) {
    JsonFile names = config.withoutNulls("module_output_name");
    for (String key : List.of("module_input_name", "module_output_name")) {
      if (!names.text(key).orElse("sentence_embedding").equals("sentence_embedding")) {
        throw config.wrong(key, "\"sentence_embedding\": Embark runs modules of vectors only");
      }
    }
  }

  private static Activation activation(JsonFile config) {
    String key = "activation_function";
    String name = config.text(key).orElse("torch.nn.modules.activation.Tanh");
    return Activation.ofTorch(name)
        .orElseThrow(
            () ->
                config.wrong(
                    key,
                    "one of "
                        + Stream.of(Activation.values())
                            .map(Activation::torchName)
                            .collect(Collectors.joining(", "))));
  }

  private static Path weights(Path folder) {
    Path weights = folder.resolve(ModelFiles.SAFETENSORS);
    if (Files.isRegularFile(weights)) {
      return weights;
    }
    String found =
        Files.isRegularFile(folder.resolve(ModelFiles.PICKLE))
            ? "only %s, whose format runs code when it is read".formatted(ModelFiles.PICKLE)
            : "no weights";
    throw new UserError(
        ("%s holds %s; wanted is %s. Write the model anew:"
                + " SentenceTransformer(DIR).save_pretrained(NEW_DIR) of sentence-transformers 2.3"
                + " or later.")
            .formatted(folder, found, ModelFiles.SAFETENSORS));
  }

  private static void requireTensors(SafeTensors tensors, Set<String> wanted, Path file) {
    if (!tensors.names().equals(wanted)) {
      throw new UserError(
          "%s holds tensors %s; wanted are %s."
              .formatted(file, new TreeSet<>(tensors.names()), wanted));
    }
  }

  private static float[] values(SafeTensors tensors, Path file, String name, long... shape)
      throws IOException {
    List<Long> wanted = Arrays.stream(shape).boxed().toList();
    if (!tensors.shape(name).equals(wanted)) {
      throw new UserError(
          "%s: tensor '%s' has shape %s; its config.json says %s."
              .formatted(file, name, tensors.shape(name), wanted));
    }
    return tensors.floats(name);
  }
}
