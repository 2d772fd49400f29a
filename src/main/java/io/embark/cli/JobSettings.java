package io.embark.cli;

import io.embark.UserError;
import io.embark.cli.embed.EmbedSettings;
import io.embark.embed.EmbedderConfig;
import io.embark.embed.Setting;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeSet;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/**
 * Settings of one run, from flags first, then from a file of properties, then the defaults. A file
 * holds the same names as the flags, without dashes.
 */
public final class JobSettings {
  private static final String CONFIG = "config";

  private record Given(String text, String origin) {}

  private final Map<String, Given> given = new LinkedHashMap<>();

  private JobSettings() {}

  /** Adds one option per setting to a command, and {@code --config}. */
  public static void addOptions(CommandSpec spec, List<Setting<?>> settings) {
    addOptions(spec, settings, List.of());
  }

  /**
   * As {@link #addOptions(CommandSpec, List)}.
   *
   * @param hidden settings among them that help does not show
   */
  public static void addOptions(
      CommandSpec spec, List<Setting<?>> settings, List<Setting<?>> hidden) {
    for (Setting<?> setting : settings) {
      OptionSpec.Builder option =
          OptionSpec.builder("--" + setting.key())
              .hidden(hidden.contains(setting))
              .paramLabel(setting.argument())
              .description(
                  "%s. Default: %s.".formatted(setting.description(), setting.defaultInWords()));
      if (setting == EmbedSettings.INPUT) {
        // Given twice, --input adds up; anything else is a mistake that picocli reports.
        option.arity("1..*").type(List.class).auxiliaryTypes(String.class);
      } else if (setting.argument().equals(Setting.SWITCH)) {
        // On with the bare flag; a file or a later change of mind may still say false.
        option.arity("0..1").fallbackValue("true").type(String.class);
      } else {
        option.type(String.class);
      }
      spec.addOption(option.build());
    }
    spec.addOption(
        OptionSpec.builder("--" + CONFIG)
            .paramLabel("FILE")
            .type(Path.class)
            .description(
                "Properties file with any of the settings above, named as here without --.")
            .build());
  }

  /**
   * Reads flags and file.
   *
   * @throws UserError if the file is not there or holds an unknown name, or a value is none that
   *     its setting takes
   */
  public static JobSettings of(ParseResult flags, List<Setting<?>> settings) throws IOException {
    JobSettings result = new JobSettings();
    Path file = flags.matchedOptionValue(CONFIG, null);
    Properties properties = file == null ? new Properties() : load(file, settings);
    for (Setting<?> setting : settings) {
      Object flag = flags.matchedOptionValue(setting.key(), null);
      if (flag != null) {
        String text = flag instanceof List<?> l ? join(l) : flag.toString();
        result.put(setting, text, "--" + setting.key());
      } else if (properties.getProperty(setting.key()) != null) {
        result.put(setting, properties.getProperty(setting.key()), file.toString());
      }
    }
    return result;
  }

  private static String join(List<?> values) {
    return String.join(",", values.stream().map(Object::toString).toList());
  }

  private static Properties load(Path file, List<Setting<?>> settings) throws IOException {
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
    TreeSet<String> unknown = new TreeSet<>(properties.stringPropertyNames());
    TreeSet<String> known = new TreeSet<>();
    settings.forEach(setting -> known.add(setting.key()));
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
    List<Setting<?>> all = new ArrayList<>(job);
    all.addAll(Setting.ALL);
    return all;
  }
}
