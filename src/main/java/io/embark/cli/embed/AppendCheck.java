package io.embark.cli.embed;

import io.embark.UserError;
import io.embark.cli.embed.EmbedSettings.SaveMode;
import io.embark.embed.ProvenanceComparison;
import io.embark.embed.VectorProvenance;
import io.embark.spark.column.ColumnProvenance;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * Refuses to put rows beside those of an earlier run that have other columns or vectors. Columns
 * that only the input has are taken where the user wants that.
 */
final class AppendCheck {
  private static final String WAY_OUT = "Use the same settings, or another output.";

  private static final String PARTITION_TYPES =
      "What names of directories say is text now; --partition-types inferred makes of it what it was.";

  private AppendCheck() {}

  /**
   * Names every difference between the schema of the output and that of the rows to append.
   *
   * @param added with every column of the plan's input
   * @return the schema of the output afterwards: as it is, with the columns that it gets behind
   * @throws UserError if rows of the two cannot stand side by side
   */
  static StructType require(EmbedPlan plan, Path output, StructType present, StructType added) {
    boolean evolves = plan.settings().get(EmbedSettings.EVOLVE_SCHEMA);
    Set<String> ofInput = Set.of(plan.rows().columns());
    Set<String> partitions = plan.input().partitions();
    List<String> differences = new ArrayList<>();
    Set<String> waysOut = new LinkedHashSet<>();
    StructType evolved = present;
    for (StructField field : added.fields()) {
      Optional<String> twin = twin(present, field.name());
      if (List.of(present.fieldNames()).contains(field.name())) {
        StructField before = present.apply(field.name());
        compare(before, field, differences, waysOut);
        if (partitions.contains(field.name()) && wasInferred(before, field)) {
          waysOut.add(PARTITION_TYPES);
        }
      } else if (twin.isPresent()) {
        differences.add(
            "its column %s is called %s in the new rows".formatted(twin.get(), field.name()));
        waysOut.add("Call it the same.");
      } else if (!ofInput.contains(field.name())) {
        differences.add("it has no column " + field.name());
        waysOut.add(WAY_OUT);
      } else if (evolves) {
        evolved = evolved.add(field);
      } else {
        differences.add("it has no column " + field.name() + ", the input has");
        waysOut.add(
            plan.mode() == SaveMode.INCREMENTAL
                ? "--evolve-schema gives it the column, null in rows that are there only; vectors stay."
                : "Leave the column out, or use another output, or --mode incremental with --evolve-schema.");
      }
    }
    for (StructField field : present.fields()) {
      if (twin(added, field.name()).isEmpty()) {
        differences.add("it has a column " + field.name() + ", the new rows have none");
        waysOut.add(ColumnProvenance.of(field.metadata()).isPresent() ? WAY_OUT : dropped(plan));
      }
    }
    if (!differences.isEmpty()) {
      String vectors =
          waysOut.contains(WAY_OUT) ? System.lineSeparator() + fieldByField(present, added) : "";
      throw new UserError(
          "mode: cannot append to %s: %s. %s"
                  .formatted(output, String.join("; ", differences), String.join(" ", waysOut))
              + vectors);
    }
    return evolved;
  }

  /** The column of that name, in any case. */
  private static Optional<String> twin(StructType columns, String name) {
    return Stream.of(columns.fieldNames()).filter(name::equalsIgnoreCase).findFirst();
  }

  private static String dropped(EmbedPlan plan) {
    return plan.settings().isSet(EmbedSettings.TABLE)
        ? "Give the input the column again, null where it has no value, or take it out of the table with ALTER TABLE ... DROP COLUMN."
        : "Give the input the column again, null where it has no value, or use another output.";
  }

  /** Whether a column was made when Spark still settled the types of partitions. */
  private static boolean wasInferred(StructField present, StructField added) {
    return added.dataType().equals(DataTypes.StringType)
        && !present.dataType().equals(DataTypes.StringType);
  }

  private static void compare(
      StructField present, StructField added, List<String> differences, Set<String> waysOut) {
    int before = differences.size();
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
    if (differences.size() > before) {
      waysOut.add(WAY_OUT);
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
