package io.embark.model.store;

import java.nio.file.Path;
import java.util.Locale;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * Folders of this host's user in which models lie that others put there.
 *
 * @param builtins jars of built-in models; {@code EMBARK_MODELS} or {@code embark.models}
 * @param hub the Hugging Face cache, where that library itself looks for it
 */
record HostFolders(Path builtins, Path hub) {
  static HostFolders ofThisHost() {
    return of(System::getProperty, System::getenv);
  }

  static HostFolders of(UnaryOperator<String> properties, UnaryOperator<String> environment) {
    Path home = Path.of(properties.apply("user.home"));
    String builtins = properties.apply("embark.models");
    return new HostFolders(
        Stream.of(builtins == null ? "" : builtins, value(environment, "embark.models"))
            .filter(value -> !value.isBlank())
            .findFirst()
            .map(value -> path(value, home))
            .orElse(home.resolve(".embark/models")),
        hub(environment, home));
  }

  private static Path hub(UnaryOperator<String> environment, Path home) {
    for (String key : new String[] {"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"}) {
      if (!value(environment, key).isEmpty()) {
        return path(value(environment, key), home);
      }
    }
    if (!value(environment, "HF_HOME").isEmpty()) {
      return path(value(environment, "HF_HOME"), home).resolve("hub");
    }
    String caches = value(environment, "XDG_CACHE_HOME");
    return path(caches.isEmpty() ? "~/.cache" : caches, home).resolve("huggingface/hub");
  }

  private static String value(UnaryOperator<String> environment, String key) {
    String found = environment.apply(key.toUpperCase(Locale.ROOT).replace('.', '_'));
    return found == null ? "" : found.strip();
  }

  private static Path path(String text, Path home) {
    String plain = text.strip();
    return plain.equals("~") || plain.startsWith("~/")
        ? home.resolve(plain.substring(Math.min(2, plain.length())))
        : Path.of(plain);
  }
}
