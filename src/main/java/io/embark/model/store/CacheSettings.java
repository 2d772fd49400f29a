package io.embark.model.store;

import io.embark.UserError;
import java.nio.file.Path;
import java.util.Locale;
import java.util.function.UnaryOperator;
import org.apache.hadoop.util.StringUtils.TraditionalBinaryPrefix;

/**
 * Settings of the model cache. They belong to the host and not to a run, so they come from the
 * environment or from system properties: {@code EMBARK_CACHE} or {@code embark.cache}, and so on.
 *
 * @param directory made when needed
 * @param maxBytes least recently used copies go when all together exceed it
 * @param owner whose copies are taken
 * @param offline never ask a remote file system; only what is in the cache is used
 */
record CacheSettings(Path directory, long maxBytes, boolean offline, CacheOwner owner) {
  static CacheSettings ofThisHost() {
    return of(System::getProperty, System::getenv);
  }

  /**
   * @throws UserError if a value is not as it must be
   */
  static CacheSettings of(UnaryOperator<String> properties, UnaryOperator<String> environment) {
    String directory = value("embark.cache", properties, environment);
    String max = value("embark.cache.max", properties, environment);
    String offline = value("embark.offline", properties, environment);
    String owner = value("embark.cache.owner", properties, environment);
    return new CacheSettings(
        directory == null ? usual(properties, environment) : Path.of(directory),
        bytes(max == null ? "20g" : max),
        offline != null && (offline.equals("1") || offline.equalsIgnoreCase("true")),
        new CacheOwner(owner));
  }

  private static String value(
      String key, UnaryOperator<String> properties, UnaryOperator<String> environment) {
    String found = properties.apply(key);
    if (found == null) {
      found = environment.apply(key.toUpperCase(Locale.ROOT).replace('.', '_'));
    }
    return found == null || found.isBlank() ? null : found.strip();
  }

  /**
   * The temporary directory; YARN gives each container its own, but an application's are shared.
   */
  private static Path usual(UnaryOperator<String> properties, UnaryOperator<String> environment) {
    String yarn = environment.apply("LOCAL_DIRS");
    return environment.apply("CONTAINER_ID") != null && yarn != null && !yarn.isBlank()
        ? Path.of(yarn.split(",")[0], "embark")
        : Path.of(properties.apply("java.io.tmpdir"), "embark-" + properties.apply("user.name"));
  }

  private static long bytes(String text) {
    try {
      long bytes = TraditionalBinaryPrefix.string2long(text);
      if (bytes > 0) {
        return bytes;
      }
    } catch (IllegalArgumentException e) {
      // Reported below together with numbers out of range.
    }
    throw new UserError(
        "EMBARK_CACHE_MAX: found '%s', wanted a number of bytes such as 20g or 500m."
            .formatted(text));
  }
}
