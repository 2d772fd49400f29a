package io.embark.embed;

import io.embark.Choice;
import io.embark.UserError;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;

/** A {@link Setting} that is being declared: what it is, in words, then the values it takes. */
public final class SettingDeclaration {
  private final Setting.Effect effect;
  private final String key;
  private final String defaultText;
  private final List<Setting<?>> registry;
  private String argument;
  private String description;

  /** A setting that its registry gets when it is declared. */
  public SettingDeclaration(
      Setting.Effect effect,
      String key,
      String argument,
      String defaultText,
      List<Setting<?>> registry) {
    this.effect = effect;
    this.key = key;
    this.argument = argument;
    this.defaultText = defaultText;
    this.registry = registry;
  }

  /** The description: one sentence, without a full stop. */
  public SettingDeclaration says(String sentence) {
    description = sentence;
    return this;
  }

  /** Takes what a function makes of the text; it throws {@link UserError} with the reason. */
  public <T> Setting<T> parsed(Function<String, T> parser) {
    Setting<T> setting = new Setting<>(effect, key, argument, defaultText, description, parser);
    registry.add(setting);
    return setting;
  }

  /** Takes any text. */
  public Setting<String> text() {
    return parsed(text -> text);
  }

  /** Takes text that is not blank. */
  Setting<String> name() {
    return parsed(SettingDeclaration::nonBlank);
  }

  public Setting<Boolean> toggle() {
    return parsed(Setting::yesOrNo);
  }

  /** Takes a whole number between two, both included. */
  public Setting<Integer> number(int least, int most) {
    return parsed(text -> Setting.number(text, least, most));
  }

  /** Takes a number, or 0 for {@link Setting#AUTO}. */
  public Setting<Integer> automatic(int least, int most) {
    return parsed(text -> Setting.automatic(text, least, most));
  }

  public <E extends Enum<E> & Choice> Setting<E> choice(Class<E> type) {
    argument = Objects.requireNonNullElse(argument, Choice.labels(type, "|"));
    return parsed(text -> Choice.of(type, text));
  }

  /** Takes several values, none of them twice. */
  <E> Setting<List<E>> list(Function<String, E> element) {
    return parsed(text -> list(text, element));
  }

  private static String nonBlank(String text) {
    if (text.isBlank()) {
      throw new UserError("found an empty value, wanted a name or path.");
    }
    return text.strip();
  }

  private static <E> List<E> list(String text, Function<String, E> element) {
    List<E> elements = Arrays.stream(text.split(",", -1)).map(element).toList();
    if (Set.copyOf(elements).size() < elements.size()) {
      throw new UserError("found '" + text + "', wanted each only once.");
    }
    return elements;
  }

  /** A distance in (0, 1], 0 for auto, infinity for off. */
  static double distance(String text) {
    String value = text.strip().toLowerCase(Locale.ROOT);
    if (value.equals(Setting.AUTO) || value.equals("off")) {
      return value.equals(Setting.AUTO) ? 0 : Double.POSITIVE_INFINITY;
    }
    try {
      double distance = Double.parseDouble(value);
      if (distance > 0 && distance <= 1) {
        return distance;
      }
    } catch (NumberFormatException e) {
      // Reported below together with numbers out of range.
    }
    throw new UserError(
        "found '%s', wanted auto, off, or a number above 0 and up to 1.".formatted(text));
  }

  /** Bytes, 0 for none. */
  static long bytes(String text) {
    String size = text.strip().toLowerCase(Locale.ROOT);
    if (size.equals("none")) {
      return 0;
    }
    if (size.matches("[1-9][0-9]{0,8}[mg]")) {
      long number = Long.parseLong(size.substring(0, size.length() - 1));
      return number << (size.endsWith("g") ? 30 : 20);
    }
    throw new UserError(
        "found '" + text + "', wanted a size such as 8g or 6000m (1024-based), or none.");
  }
}
