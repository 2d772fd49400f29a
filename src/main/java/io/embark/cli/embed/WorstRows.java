package io.embark.cli.embed;

import io.embark.embed.Status;
import io.embark.spark.column.Columns;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;

/**
 * Examples of rows that went wrong, for a person to look at.
 *
 * @param rows as they were staged
 * @param idCol the column that identifies a row; null to show the beginning of the text
 * @param prefix of the names of the account columns
 */
record WorstRows(Dataset<Row> rows, String idCol, String textCol, String prefix) {
  private static final int EXAMPLES = 5;
  private static final int TEXT = 40;
  private static final int REASON = 120;

  /** Rows that lost most tokens to truncation, most first. */
  List<String> truncated() {
    Column lost = column("token_count").minus(column("tokens_used"));
    List<String> examples = new ArrayList<>();
    for (Row row :
        rows.where(column("truncated"))
            .orderBy(lost.desc())
            .select(name(), column("tokens_used"), column("token_count"))
            .limit(EXAMPLES)
            .collectAsList()) {
      examples.add(
          String.format(
              Locale.ROOT, "%s (%,d of %,d tokens)", name(row), row.getInt(1), row.getInt(2)));
    }
    return examples;
  }

  /** Some rows that failed, with reasons. */
  List<String> failed() {
    List<String> examples = new ArrayList<>();
    for (Row row :
        rows.where(column("status").startsWith(Status.FAILED.name()))
            .select(name(), column("status"))
            .limit(EXAMPLES)
            .collectAsList()) {
      String status = row.getString(1);
      examples.add(
          "%s (%s)"
              .formatted(
                  name(row),
                  status.length() <= REASON ? status : status.substring(0, REASON) + "..."));
    }
    return examples;
  }

  private Column name() {
    return idCol != null
        ? Columns.of(idCol).cast("string")
        : functions.substring(Columns.of(textCol), 1, TEXT);
  }

  private String name(Row row) {
    String value = row.isNullAt(0) ? "null" : row.getString(0);
    return idCol != null ? idCol + " " + value : "'" + value.replaceAll("\\s+", " ") + "...'";
  }

  private Column column(String name) {
    return Columns.of(prefix + name);
  }
}
