package io.embark.cli.embed;

import io.embark.UserError;
import io.embark.spark.VectorColumn;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/** Whether new rows may stand beside those of an earlier run: same columns, vectors made alike. */
final class AppendCheck {
  /** What tells how a vector was made; where a setting came from does not. */
  private static final List<String> HOW =
      List.of(
          "fingerprint",
          "vector",
          "pooling",
          "layers",
          "post",
          "postFingerprint",
          "concat",
          "normalize",
          "prompt",
          "excludeSpecialTokens",
          "excludePrompt",
          "precision",
          "chunk",
          "maxLength",
          "dimension",
          "type");

  private AppendCheck() {}

  /**
   * @param present the schema of the output as it is
   * @param added the schema of the rows to append
   * @throws UserError naming every difference
   */
  static void require(Path output, StructType present, StructType added) {
    List<String> differences = new ArrayList<>();
    for (StructField field : added.fields()) {
      if (!List.of(present.fieldNames()).contains(field.name())) {
        differences.add("it has no column " + field.name());
      } else {
        compare(present.apply(field.name()), field, differences);
      }
    }
    for (String name : present.fieldNames()) {
      if (!List.of(added.fieldNames()).contains(name)) {
        differences.add("it has a column " + name + ", the new rows have none");
      }
    }
    if (!differences.isEmpty()) {
      throw new UserError(
          ("mode: cannot append to %s: %s. Use the same settings, or another output.%n%s")
              .formatted(output, String.join("; ", differences), fieldByField(present, added)));
    }
  }

  /** How the vectors were made, the table's beside the new ones. */
  private static String fieldByField(StructType present, StructType added) {
    StringBuilder lines = new StringBuilder();
    for (StructField field : added.fields()) {
      if (!field.metadata().contains(VectorColumn.METADATA_KEY)) {
        continue;
      }
      Metadata wanted = field.metadata().getMetadata(VectorColumn.METADATA_KEY);
      Metadata found =
          List.of(present.fieldNames()).contains(field.name())
              ? made(present.apply(field.name()))
              : Metadata.empty();
      lines.append("  %-22s %-34s %s%n".formatted(field.name(), "table", "this run"));
      for (String key : HOW) {
        String was = value(found, key);
        String is = value(wanted, key);
        lines.append(
            "    %-20s %-34s %s%s%n"
                .formatted(key, shorten(was), shorten(is), was.equals(is) ? "" : "   <- differs"));
      }
    }
    return lines.toString().stripTrailing();
  }

  /** Enough of a fingerprint to tell two apart. */
  private static String shorten(String value) {
    return value.length() == 66 ? value.substring(1, 17) : value;
  }

  private static Metadata made(StructField field) {
    return field.metadata().contains(VectorColumn.METADATA_KEY)
        ? field.metadata().getMetadata(VectorColumn.METADATA_KEY)
        : Metadata.empty();
  }

  private static void compare(StructField present, StructField added, List<String> differences) {
    if (!present.dataType().sameType(added.dataType())) {
      differences.add(
          "its column %s is %s, the new one %s"
              .formatted(
                  added.name(),
                  present.dataType().simpleString(),
                  added.dataType().simpleString()));
    }
    if (added.metadata().contains(VectorColumn.METADATA_KEY)) {
      Metadata wanted = added.metadata().getMetadata(VectorColumn.METADATA_KEY);
      Metadata found = made(present);
      for (String key : HOW) {
        String was = value(found, key);
        String is = value(wanted, key);
        if (!was.equals(is)) {
          differences.add("its %s has %s %s, the new one %s".formatted(added.name(), key, was, is));
        }
      }
    }
  }

  private static String value(Metadata metadata, String key) {
    if (!metadata.contains(key)) {
      // Tables from before there was a choice.
      return key.equals("precision") ? "'float'" : "unknown";
    }
    return key.equals("maxLength") || key.equals("dimension")
        ? Long.toString(metadata.getLong(key))
        : "'" + metadata.getString(key) + "'";
  }
}
