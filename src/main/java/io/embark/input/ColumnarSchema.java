package io.embark.input;

import io.embark.UserError;
import io.embark.spark.column.ColumnProvenance;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.spark.sql.execution.datasources.FileFormat;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * The columns of many files read as one table: each of the widest type that a file has, nulls where
 * a file lacks it. What no type can hold is refused.
 *
 * @param schema of the table, in the order in which columns first appear
 * @param kinds the different columns of files; one if all files have the same
 */
record ColumnarSchema(StructType schema, Set<StructType> kinds) {

  /** A column as it is known so far, and the file that it is known from. */
  private record Known(StructField field, String file) {}

  /**
   * Merges the columns of files.
   *
   * @param wanted which of them are read
   * @throws UserError naming the column and two files that do not go together, or one that cannot
   *     be read
   */
  static ColumnarSchema of(List<FileColumns> files, InputColumns wanted, boolean caseSensitive) {
    Map<String, Known> known = new LinkedHashMap<>();
    Set<StructType> kinds = new LinkedHashSet<>();
    for (FileColumns file : files) {
      requireReadable(file, wanted);
      StructType read = new StructType();
      for (StructField field : file.schema().fields()) {
        if (wanted.includes(field.name())) {
          read = read.add(field);
          // Its place; types of columns without a value are looked at last.
          known.putIfAbsent(key(field, caseSensitive), null);
          if (!file.isEmpty(field)) {
            merge(known, field, file.path(), wanted, caseSensitive);
          }
        }
      }
      kinds.add(read);
    }
    for (FileColumns file : files) {
      for (StructField field : file.schema().fields()) {
        String key = key(field, caseSensitive);
        if (known.containsKey(key) && (known.get(key) == null || isOfStrings(known, key, field))) {
          known.put(key, new Known(field, ""));
        }
      }
    }
    StructType schema = new StructType();
    for (Known column : known.values()) {
      schema = schema.add(column.field());
    }
    for (FileColumns file : files) {
      requireColumns(file, known, wanted, caseSensitive);
    }
    return new ColumnarSchema(schema, kinds);
  }

  /** What reads these files as this schema. */
  FileFormat reader(InputFormat format, boolean caseSensitive) {
    boolean mixed =
        kinds.stream()
            .anyMatch(kind -> !MixedParquet.own(schema, kind, caseSensitive).equals(schema));
    // ORC's own reader widens.
    return mixed && format == InputFormat.PARQUET ? new MixedParquet(kinds) : format.reader();
  }

  /** Of columns without a value anywhere, which may have any type, one of strings is the best. */
  private static boolean isOfStrings(Map<String, Known> known, String key, StructField field) {
    return known.get(key).file().isEmpty() && field.dataType().equals(DataTypes.StringType);
  }

  private static void merge(
      Map<String, Known> known,
      StructField field,
      String file,
      InputColumns wanted,
      boolean caseSensitive) {
    String key = key(field, caseSensitive);
    Known before = known.get(key);
    if (before == null) {
      known.put(key, new Known(field, file));
      return;
    }
    DataType type = before.field().dataType();
    Optional<DataType> both = Widening.of(type, field.dataType());
    if (both.isEmpty()) {
      throw new UserError(
          ("input: column '%s' is %s in %s and %s in %s, and no type holds both unchanged. Write"
                  + " one of the files anew%s.")
              .formatted(
                  field.name(),
                  type.simpleString(),
                  before.file(),
                  field.dataType().simpleString(),
                  file,
                  wanted.canChoose()
                      ? ", read them in runs of their own, or leave the column out: --columns names"
                          + " those to read"
                      : ", or read them in runs of their own"));
    }
    Optional<String> other =
        ColumnProvenance.incomparable(
            before.field().metadata(),
            field.metadata(),
            "in %s and %s".formatted(before.file(), file));
    if (other.isPresent()) {
      throw new UserError(
          "input: column '%s' holds vectors that do not go together: %s"
              .formatted(field.name(), other.get()));
    }
    if (!both.get().equals(type)) {
      StructField wide =
          new StructField(before.field().name(), both.get(), true, before.field().metadata());
      boolean own = both.get().sameType(field.dataType());
      known.put(key, new Known(wide, own ? file : before.file()));
    }
  }

  private static void requireReadable(FileColumns file, InputColumns wanted) {
    for (Map.Entry<String, String> column : file.unreadable().entrySet()) {
      if (wanted.includes(column.getKey())) {
        boolean needed = wanted.needs(column.getKey()) || !wanted.canChoose();
        throw new UserError(
            "input: column '%s' of %s %s. Write the file with another%s."
                .formatted(
                    column.getKey(),
                    file.path(),
                    column.getValue(),
                    needed
                        ? ""
                        : ", or leave the column out: --columns names those to read and carry over"));
      }
    }
  }

  private static void requireColumns(
      FileColumns file, Map<String, Known> known, InputColumns wanted, boolean caseSensitive) {
    if (file.rows() == 0) {
      return;
    }
    List<String> keys = new ArrayList<>();
    for (StructField field : file.schema().fields()) {
      keys.add(key(field, caseSensitive));
    }
    for (Map.Entry<String, Known> column : known.entrySet()) {
      StructField field = column.getValue().field();
      if (wanted.needs(field.name()) && !keys.contains(column.getKey())) {
        throw lacking(file, field.name(), column.getValue().file());
      }
    }
    for (String path : wanted.named()) {
      for (Known column : known.values()) {
        boolean isField =
            isBelow(column.field(), path, !caseSensitive) && !column.field().name().equals(path);
        if (isField && !hasField(file, path, caseSensitive)) {
          throw lacking(file, path, "");
        }
      }
    }
  }

  private static UserError lacking(FileColumns file, String column, String having) {
    return new UserError(
        ("input: %s has no column '%s', which %s has; its %,d rows would have none. Take the"
                + " file away, or write it with that column.")
            .formatted(file.path(), column, having.isEmpty() ? "another" : having, file.rows()));
  }

  /** Whether a file has a field of its structs, or nothing but nulls in the place of them. */
  private static boolean hasField(FileColumns file, String path, boolean caseSensitive) {
    for (StructField field : file.schema().fields()) {
      boolean above =
          path.regionMatches(!caseSensitive, 0, field.name() + ".", 0, field.name().length() + 1);
      if (isBelow(field, path, !caseSensitive) || above && file.isEmpty(field)) {
        return true;
      }
    }
    return false;
  }

  /** Whether the path is that of a column, or of a field in it. */
  private static boolean isBelow(StructField column, String path, boolean ignoreCase) {
    String name = column.name();
    if (!path.regionMatches(ignoreCase, 0, name, 0, name.length())) {
      return false;
    }
    if (path.length() == name.length()) {
      return true;
    }
    String rest = path.substring(name.length());
    return rest.startsWith(".")
        && column.dataType() instanceof StructType struct
        && Arrays.stream(struct.fields()).anyMatch(f -> isBelow(f, rest.substring(1), false));
  }

  private static String key(StructField field, boolean caseSensitive) {
    return caseSensitive ? field.name() : field.name().toLowerCase(Locale.ROOT);
  }
}
