package io.embark.post;

import io.embark.UserError;
import java.util.Locale;
import java.util.Optional;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * What a user asks to be done with vectors: a method to be fitted, maps that were fitted earlier,
 * or nothing.
 *
 * @param method to fit; null for none
 * @param number of directions that goes with the method, 0 for none
 * @param path of what was fitted earlier; null for none
 */
public record PostChoice(PostMethod method, int number, String path) {
  /** Vectors stay as the model makes them. */
  public static final PostChoice NONE = new PostChoice(null, 0, null);

  /** What can be said, for help texts. */
  public static final String CHOICES = "none, " + PostMethod.labels() + ", or a path";

  /**
   * Reads a choice. What holds a slash is a path.
   *
   * @throws UserError naming what is known
   */
  public static PostChoice of(String text) {
    String stripped = text.strip();
    if (stripped.equalsIgnoreCase("none")) {
      return NONE;
    }
    if (stripped.contains("/")) {
      return new PostChoice(null, 0, stripped);
    }
    String[] parts = stripped.toLowerCase(Locale.ROOT).split(":", 2);
    for (PostMethod method : PostMethod.values()) {
      if (method.label().equals(parts[0])) {
        return of(method, parts.length == 1 ? null : parts[1]);
      }
    }
    throw new UserError("found '%s', wanted %s (with a slash in it).".formatted(text, CHOICES));
  }

  private static PostChoice of(PostMethod method, String number) {
    boolean wanted = method.number() == PostMethod.Number.REQUIRED;
    if (number == null) {
      if (wanted) {
        throw new UserError(
            "found '%s' alone, wanted a number of directions with it, as in %s:%d."
                .formatted(method.label(), method.label(), method == PostMethod.PCA ? 128 : 3));
      }
      return new PostChoice(method, 0, null);
    }
    if (method.number() == PostMethod.Number.NONE || !number.matches("[1-9][0-9]{0,6}")) {
      throw new UserError(
          "found '%s:%s', wanted %s."
              .formatted(
                  method.label(),
                  number,
                  method.number() == PostMethod.Number.NONE
                      ? method.label() + " without a number"
                      : method.label() + " and a whole number from 1"));
    }
    return new PostChoice(method, Integer.parseInt(number), null);
  }

  /** Whether anything is done. */
  public boolean isNone() {
    return method == null && path == null;
  }

  /** The path of what was fitted earlier, if that was asked for. */
  public Optional<String> fittedAt() {
    return Optional.ofNullable(path);
  }

  /**
   * Refuses a number that vectors of this size do not allow, before any was made.
   *
   * @throws UserError with found and wanted
   */
  public void require(int dimension) {
    if (method != null && number > method.most(dimension)) {
      throw new UserError(
          "post: found %s, but vectors have %d values; wanted a number up to %d."
              .formatted(this, dimension, method.most(dimension)));
    }
  }

  /**
   * Finds the map of a column.
   *
   * @param column of MLlib vectors; rows without one are passed over
   * @throws UserError if there are too few vectors, or no method to fit was asked for
   */
  public LinearVectorModel fit(Dataset<Row> rows, String column) {
    if (method == null) {
      throw new UserError("There is nothing to fit: " + this + ".");
    }
    return method.fit(rows, column, number);
  }

  /** As {@link #of} reads it. */
  @Override
  public String toString() {
    if (isNone()) {
      return "none";
    }
    return path != null ? path : number == 0 ? method.label() : method.label() + ":" + number;
  }
}
