package io.embark.pooling;

import io.embark.UserError;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The encoder layers whose token states are pooled; of several, their mean is.
 *
 * <p>Layers count as in transformers' {@code hidden_states}: 0 is the embedding output, 1 the state
 * after the first encoder layer, and negative numbers count from the end, -1 being the last. Spelt
 * {@code -1}, {@code -2}, {@code 3}, {@code first+last}, {@code last4}, or any sum such as {@code
 * 0+-1}. {@code first} is layer 1: papers that average the embedding output mean {@code 0+-1}.
 */
public record Layers(List<Integer> layers) {
  /** The last layer alone, the default: what every model exports. */
  public static final Layers LAST = new Layers(List.of(-1));

  public Layers {
    // The mean does not depend on the order; one order makes equal choices equal.
    layers =
        layers.stream()
            .sorted(Comparator.comparing((Integer layer) -> layer < 0).thenComparing(l -> l))
            .toList();
  }

  /**
   * Reads what {@link #label} writes and every spelling named above, in any case.
   *
   * @throws UserError if {@code text} is none of them or names a layer twice
   */
  public static Layers of(String text) {
    List<Integer> layers = new ArrayList<>();
    for (String part : text.strip().toLowerCase(Locale.ROOT).split("\\+", -1)) {
      for (int layer : numbers(part.strip(), text)) {
        if (layers.contains(layer)) {
          throw new UserError(
              "layers '" + text + "' name layer " + layer + " twice; name it once.");
        }
        layers.add(layer);
      }
    }
    return new Layers(layers);
  }

  private static int[] numbers(String part, String text) {
    if (part.equals("first")) {
      return new int[] {1};
    }
    if (part.equals("last")) {
      return new int[] {-1};
    }
    if (part.matches("last([1-9][0-9]{0,2}|1000)")) {
      int count = Integer.parseInt(part.substring("last".length()));
      return IntStream.rangeClosed(-count, -1).toArray();
    }
    try {
      if (part.matches("-?[0-9]+")) {
        return new int[] {Integer.parseInt(part)};
      }
    } catch (NumberFormatException e) {
      // More digits than an int has: told below like any other wrong spelling.
    }
    throw new UserError(
        ("unknown layers '%s'; wanted is a layer number (0 the embedding output, 1 the first layer,"
                + " -1 the last), 'first', 'last', 'lastN', or several of them joined by '+', such"
                + " as first+last, last4 or 0+-1.")
            .formatted(text));
  }

  public boolean isLast() {
    return equals(LAST);
  }

  /**
   * The layers of a model, each once and in rising order: on a model of one layer {@code
   * first+last} is just layer 1.
   *
   * @param layerCount encoder layers of the model, the embedding output not counted
   * @return numbers from 0 (embedding output) to {@code layerCount}
   * @throws UserError if the model does not have one of them
   */
  public List<Integer> in(int layerCount) {
    return layers.stream().map(layer -> absolute(layer, layerCount)).distinct().sorted().toList();
  }

  private int absolute(int layer, int layerCount) {
    int absolute = layer < 0 ? layerCount + 1 + layer : layer;
    if (absolute < 0 || absolute > layerCount) {
      throw new UserError(
          ("layers '%s' ask for layer %d, but the model has %d encoder layers; wanted is 0 (the"
                  + " embedding output) to %d, or -%d to -1.")
              .formatted(label(), layer, layerCount, layerCount, layerCount + 1));
    }
    return absolute;
  }

  /** The shortest spelling, e.g. {@code -1}, {@code first+last}, {@code last4}, {@code 0+-1}. */
  public String label() {
    int size = layers.size();
    if (layers.equals(List.of(1, -1))) {
      return "first+last";
    }
    if (size > 1 && layers.get(0) == -size && layers.get(size - 1) == -1) {
      return "last" + size;
    }
    return layers.stream().map(String::valueOf).collect(Collectors.joining("+"));
  }

  @Override
  public String toString() {
    return label();
  }
}
