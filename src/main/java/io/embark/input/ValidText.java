package io.embark.input;

import io.embark.spark.column.Columns;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.unsafe.Platform;
import org.apache.spark.unsafe.types.UTF8String;

/**
 * A value whose texts are UTF-8: bytes that are not become U+FFFD, as decoders do it. Parquet, ORC
 * and text files may hold any bytes as a string; Spark passes them on, and other readers then fail
 * on the whole column.
 */
public final class ValidText extends TextCheck {
  private static final long serialVersionUID = 1;

  public ValidText(Expression value) {
    super(value);
  }

  /**
   * The rows with all their strings valid, those within other values too.
   *
   * @param id the column of ids, of which none may change; null for none
   * @param any whether the files may hold any bytes as a string; else their reader made the strings
   */
  static Dataset<Row> in(Dataset<Row> rows, String id, boolean any) {
    return rows.select(
        Arrays.stream(rows.schema().fields())
            .map(
                field -> {
                  Column column = Columns.of(rows, field.name());
                  Expression value = column.expr();
                  boolean isId = field.name().equals(id);
                  return (any || isId) && isFor(field.dataType())
                      ? new Column(isId ? new ValidId(value, id, any) : new ValidText(value))
                          .as(field.name(), field.metadata())
                      : column;
                })
            .toArray(Column[]::new));
  }

  /** The same text if it is valid. */
  static UTF8String of(UTF8String text) {
    byte[] bytes = null;
    for (int i = 0; i < text.numBytes(); i++) {
      if (Platform.getByte(text.getBaseObject(), text.getBaseOffset() + i) < 0) {
        bytes = text.getBytes();
        break;
      }
    }
    if (bytes == null) {
      return text;
    }
    byte[] valid = new String(bytes, StandardCharsets.UTF_8).getBytes(StandardCharsets.UTF_8);
    return Arrays.equals(bytes, valid) ? text : UTF8String.fromBytes(valid);
  }

  @Override
  public Object checked(Object found) {
    return mapped(found, dataType(), ValidText::of);
  }

  @Override
  public Object[] arguments() {
    return new Object[] {value};
  }

  @Override
  public String prettyName() {
    return "valid_text";
  }
}
