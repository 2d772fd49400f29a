package io.embark.model;

import io.embark.UserError;
import io.embark.model.SafeTensorsHeader.Entry;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/** Whether tensors lie in a safetensors file as its header says. */
final class SafeTensorsLayout {
  private static final Comparator<Map.Entry<String, Entry>> BY_PLACE =
      Comparator.comparingLong((Map.Entry<String, Entry> tensor) -> tensor.getValue().begin())
          .thenComparingLong(tensor -> tensor.getValue().end());

  private SafeTensorsLayout() {}

  /**
   * The format wants every byte behind the header to belong to exactly one tensor.
   *
   * @param bytes how many there are
   * @throws UserError if a tensor is not where it can be, or does not fill its place
   */
  static void require(Path file, Map<String, Entry> tensors, long bytes) {
    long at = 0;
    List<Map.Entry<String, Entry>> inOrder = tensors.entrySet().stream().sorted(BY_PLACE).toList();
    for (Map.Entry<String, Entry> named : inOrder) {
      Entry tensor = named.getValue();
      String contradiction = contradiction(tensor, at, bytes);
      if (contradiction != null) {
        throw new UserError(
            ("%s: tensor '%s' has the data_offsets %d to %d, but %s. The file is broken or not all"
                    + " of it is there; fetch or save it again.")
                .formatted(file, named.getKey(), tensor.begin(), tensor.end(), contradiction));
      }
      at = tensor.end();
    }
    if (at != bytes) {
      throw new UserError(
          ("%s has %d bytes behind its header, but its tensors take %d. The file is broken; fetch or"
                  + " save it again.")
              .formatted(file, bytes, at));
    }
  }

  /** What a tensor's place contradicts, or null. */
  private static String contradiction(Entry tensor, long at, long bytes) {
    if (tensor.end() < tensor.begin()) {
      return "it cannot end before it begins";
    }
    if (tensor.end() > bytes) {
      return "the file has %d bytes behind its header".formatted(bytes);
    }
    String wanted = bytesOf(tensor);
    if (!wanted.equals(String.valueOf(tensor.end() - tensor.begin()))) {
      return "%s of shape %s takes %s bytes".formatted(tensor.type(), tensor.shape(), wanted);
    }
    return tensor.begin() == at ? null : "the tensors before it end at %d".formatted(at);
  }

  /** A number in words, as there may be none. */
  private static String bytesOf(Entry tensor) {
    try {
      long values = 1;
      for (long dimension : tensor.shape()) {
        values = Math.multiplyExact(values, dimension);
      }
      return tensor.type().bytes(values).map(String::valueOf).orElse("no whole number of");
    } catch (ArithmeticException e) {
      return "more than 2^63";
    }
  }
}
