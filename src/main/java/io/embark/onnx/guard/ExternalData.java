package io.embark.onnx.guard;

import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import io.embark.UserError;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Collectors;

/** Where a tensor lies that a model keeps in another file. */
public final class ExternalData {
  private ExternalData() {}

  /** Location, offset and length, as far as they are stated. */
  public static Map<String, String> of(TensorProto tensor) {
    return tensor.getExternalDataList().stream()
        .collect(
            Collectors.toMap(
                StringStringEntryProto::getKey,
                StringStringEntryProto::getValue,
                (first, last) -> last));
  }

  /**
   * @return an offset or a length, 0 if it is not stated
   * @throws UserError if it is no number
   */
  public static long number(Map<String, String> entries, String key, TensorProto tensor) {
    String value = entries.getOrDefault(key, "0");
    if (!value.matches("[0-9]{1,18}")) {
      throw new UserError(
          "weight `%s` has external data with %s '%s'; wanted is a number of bytes."
              .formatted(tensor.getName(), key, value));
    }
    return Long.parseLong(value);
  }

  /**
   * Checks that a file of weights is in the model's folder and long enough.
   *
   * @throws UserError if it is not
   */
  public static void check(Path folder, String location, long end) {
    Path relative = relative(location);
    if (location.isEmpty() || relative.isAbsolute() || relative.startsWith("..")) {
      throw new UserError(
          "the model keeps weights in '%s', outside its own folder `%s`; wanted is a file beside it."
              .formatted(location, folder));
    }
    // The folder as it is: ".." behind a symbolic link is not what it looks like.
    Path file = folder.resolve(relative);
    long size = file.toFile().isFile() ? file.toFile().length() : -1;
    if (size < end) {
      throw new UserError(
          ("the model keeps weights in `%s`, which %s, wanted are %d bytes; copy every file of the"
                  + " model into one folder.")
              .formatted(file, size < 0 ? "is missing" : "has " + size + " bytes", end));
    }
  }

  private static Path relative(String location) {
    try {
      return Path.of(location).normalize();
    } catch (InvalidPathException e) {
      throw new UserError(
          "the model keeps weights in '%s': %s".formatted(location, e.getMessage()), e);
    }
  }
}
