package io.embark.cli;

import io.embark.UserError;
import io.embark.embed.EmbedderConfig;
import io.embark.embed.Setting;
import java.io.IOException;
import java.io.Reader;
import java.net.UnknownHostException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.UnsupportedFileSystemException;
import picocli.CommandLine.ParseResult;

/**
 * Settings of one run, from flags first, then from a file of properties, then the defaults. A file
 * holds the same names as the flags, without dashes.
 */
public final class JobSettings {
  private record Given(String text, String origin) {}

  private final Map<String, Given> given = new HashMap<>();

  private JobSettings() {}

  /**
   * Reads flags and the file that they name.
   *
   * @throws UserError if the file is missing, or it or a flag is not as the settings want it
   */
  public static JobSettings of(ParseResult flags, List<Setting<?>> settings) throws IOException {
    JobSettings result = new JobSettings();
    java.nio.file.Path file = flags.matchedOptionValue(SettingsCommand.CONFIG, null);
    Properties properties = file == null ? new Properties() : load(file, settings);
    for (Setting<?> setting : settings) {
      Object flag = flags.matchedOptionValue(setting.key(), null);
      if (flag != null) {
        String text =
            flag instanceof List<?> l
                ? l.stream().map(Object::toString).collect(Collectors.joining(","))
                : flag.toString();
        result.put(setting, text, "--" + setting.key());
      } else if (properties.getProperty(setting.key()) != null) {
        result.put(setting, properties.getProperty(setting.key()), file.toString());
      }
    }
    return result;
  }

  private static Properties load(java.nio.file.Path file, List<Setting<?>> settings)
      throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new UserError("config: no file at %s.".formatted(file.toAbsolutePath()));
    }
    Properties properties = new Properties();
    try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
      properties.load(reader);
    } catch (CharacterCodingException e) {
      throw new UserError(
          "config: %s is not text in UTF-8, so its settings cannot be read.".formatted(file), e);
    } catch (IllegalArgumentException e) {
      throw new UserError(
          "config: %s is not a properties file: %s".formatted(file, e.getMessage()), e);
    }
    Set<String> known = new TreeSet<>(settings.stream().map(Setting::key).toList());
    Set<String> unknown = new TreeSet<>(properties.stringPropertyNames());
    unknown.removeAll(known);
    if (!unknown.isEmpty()) {
      throw new UserError(
          "config: %s sets %s, which Embark does not know; known are %s."
              .formatted(file, String.join(", ", unknown), String.join(", ", known)));
    }
    return properties;
  }

  private void put(Setting<?> setting, String text, String origin) {
    setting.parse(text);
    given.put(setting.key(), new Given(text, origin));
  }

  /** Whether a flag or the file gives a value. */
  public boolean isSet(Setting<?> setting) {
    return given.containsKey(setting.key());
  }

  /** The value given, or {@code otherwise}. */
  public <T> T get(Setting<T> setting, T otherwise) {
    return isSet(setting) ? setting.parse(given.get(setting.key()).text()) : otherwise;
  }

  /** The value given, or the default. */
  public <T> T get(Setting<T> setting) {
    return get(setting, isSet(setting) ? null : setting.parse(setting.defaultText()));
  }

  /** {@link #path(String, String, Configuration)} of the value given. */
  public Path path(Setting<String> setting, Configuration hadoop) throws IOException {
    return path(setting.key(), get(setting), hadoop);
  }

  /**
   * A path given for some setting, with scheme and host.
   *
   * @throws UserError if it is none as Hadoop reads paths, or none of its file system, as {@code
   *     file://relative} is; an unknown host may be known later
   */
  public static Path path(String key, String text, Configuration hadoop) throws IOException {
    try {
      Path path = new Path(text);
      return path.getFileSystem(hadoop).makeQualified(path);
    } catch (IllegalArgumentException | UnsupportedFileSystemException e) {
      if (e.getCause() instanceof UnknownHostException) {
        throw e;
      }
      throw new UserError(
          "%s: found '%s', wanted a path or URI: %s.".formatted(key, text, e.getMessage()), e);
    }
  }

  /** The text given, or null. */
  public String text(Setting<?> setting) {
    return isSet(setting) ? given.get(setting.key()).text() : null;
  }

  /** Where a value came from: a flag, the path of the file, or {@code default}. */
  public String origin(Setting<?> setting) {
    return isSet(setting) ? given.get(setting.key()).origin() : "default";
  }

  /** The embedder's part of the settings, those not given left out. */
  public EmbedderConfig embedderConfig() {
    EmbedderConfig.Builder config = EmbedderConfig.builder();
    for (Setting<?> setting : Setting.ALL) {
      if (isSet(setting)) {
        config.set(setting, given.get(setting.key()).text(), origin(setting));
      }
    }
    return config.build();
  }

  /** The settings of a job, and after them the embedder's. */
  public static List<Setting<?>> all(List<Setting<?>> job) {
    return Stream.concat(job.stream(), Setting.ALL.stream()).toList();
  }
}
