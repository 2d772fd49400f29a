package io.embark;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * An enum constant that users choose by its label, on the command line, in files, as a param and in
 * column metadata. Any case is read, and {@code -} for {@code _}.
 */
public interface Choice {

  /** As an enum has it. */
  String name();

  /** E.g. {@code float16-bits} for {@code FLOAT16_BITS}. */
  default String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** The constant of this label, if there is one. */
  static <E extends Enum<E> & Choice> Optional<E> find(Class<E> type, String text) {
    String name = text.strip().toUpperCase(Locale.ROOT).replace('-', '_');
    return Arrays.stream(type.getEnumConstants())
        .filter(constant -> constant.name().equals(name))
        .findFirst();
  }

  /**
   * The constant of this label.
   *
   * @throws UserError with what was found and every label
   */
  static <E extends Enum<E> & Choice> E of(Class<E> type, String text) {
    return find(type, text)
        .orElseThrow(
            () -> new UserError("found '%s', wanted %s.".formatted(text, alternatives(type))));
  }

  /**
   * The constant of this label.
   *
   * @param what is chosen, in words, such as {@code pooling}
   * @throws UserError with what was found and every label
   */
  static <E extends Enum<E> & Choice> E of(Class<E> type, String what, String text) {
    return find(type, text)
        .orElseThrow(
            () ->
                new UserError(
                    "unknown %s '%s'; known are %s.".formatted(what, text, labels(type, ", "))));
  }

  /** Every label, in the order of the constants. */
  static <E extends Enum<E> & Choice> String labels(Class<E> type, String separator) {
    return String.join(separator, labels(type));
  }

  private static <E extends Enum<E> & Choice> List<String> labels(Class<E> type) {
    return Arrays.stream(type.getEnumConstants()).map(Choice::label).toList();
  }

  private static <E extends Enum<E> & Choice> String alternatives(Class<E> type) {
    List<String> labels = labels(type);
    int last = labels.size() - 1;
    return String.join(", ", labels.subList(0, last)) + " or " + labels.get(last);
  }
}
