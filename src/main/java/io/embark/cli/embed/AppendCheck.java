package io.embark.cli.embed;

import io.embark.UserError;
import io.embark.embed.ProvenanceComparison;
import io.embark.embed.VectorProvenance;
import io.embark.spark.column.ColumnProvenance;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/** Refuses to put rows beside those of an earlier run that have other columns or vectors. */
final class AppendCheck {
  private AppendCheck() {}

  /** Names every difference between the schema of the output and that of the rows to append. */
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
          "mode: cannot append to %s: %s. Use the same settings, or another output.%n%s"
              .formatted(output, String.join("; ", differences), fieldByField(present, added)));
    }
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
    for (ProvenanceComparison.Field field : fields(present, added)) {
      if (field.isDifferent()) {
        differences.add(
            "its %s has %s %s, the new one %s"
                .formatted(
                    added.name(), field.name(), quoted(field.left()), quoted(field.right())));
      }
    }
  }

  /** How the vectors were made, the table's beside the new ones. */
  private static String fieldByField(StructType present, StructType added) {
    StringBuilder lines = new StringBuilder();
    for (String column : ColumnProvenance.columns(added)) {
      lines.append("  %-22s %-34s this run%n".formatted(column, "table"));
      StructField found =
          List.of(present.fieldNames()).contains(column)
              ? present.apply(column)
              : new StructField(column, present, true, Metadata.empty());
      for (ProvenanceComparison.Field field : fields(found, added.apply(column))) {
        lines.append(
            "    %-20s %-34s %s%s%n"
                .formatted(
                    field.name(),
                    shortened(field.left()),
                    shortened(field.right()),
                    field.isDifferent() ? "   <- differs" : ""));
      }
    }
    return lines.toString().stripTrailing();
  }

  /** Empty for a column without vectors. */
  private static List<ProvenanceComparison.Field> fields(StructField present, StructField added) {
    VectorProvenance was = ColumnProvenance.of(present.metadata()).orElse(VectorProvenance.UNKNOWN);
    return ColumnProvenance.of(added.metadata()).map(was::besides).orElse(List.of());
  }

  private static String shortened(String value) {
    return value.length() == 64 ? VectorProvenance.shortened(value) : quoted(value);
  }

  private static String quoted(String value) {
    return value.equals("unknown") || value.matches("[0-9]+") ? value : "'" + value + "'";
  }
}
