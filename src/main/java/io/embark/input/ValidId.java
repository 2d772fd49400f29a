package io.embark.input;

import io.embark.input.gate.UnreadableInput;
import java.util.function.UnaryOperator;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.unsafe.types.UTF8String;

/**
 * An id that stands in the file as it is; one that does not is refused with the file, for what is
 * put in the place of other bytes is the same for all of them, and two ids would be one.
 */
public final class ValidId extends TextCheck {
  private static final long serialVersionUID = 1;

  private static final UTF8String REPLACEMENT = UTF8String.fromString("\ufffd");

  /** Another object for a text with U+FFFD in it. */
  private static final UnaryOperator<UTF8String> MARKED =
      text -> text.contains(REPLACEMENT) ? UTF8String.EMPTY_UTF8 : text;

  private final String column;
  private final boolean any;

  /**
   * An id of a column.
   *
   * @param any whether its bytes are those of the file; else a reader has put U+FFFD for what is no
   *     text
   */
  public ValidId(Expression id, String column, boolean any) {
    super(id);
    this.column = column;
    this.any = any;
  }

  @Override
  public Object checked(Object id) {
    // The same object if nothing is wrong with it.
    if (mapped(id, dataType(), any ? ValidText::of : MARKED) == id) {
      return id;
    }
    throw UnreadableInput.inCurrentFile(
        "an id (column '%s') %s, so that it may be the same as another: %s"
            .formatted(
                column,
                any
                    ? "holds bytes that are no UTF-8"
                    : "holds U+FFFD, which stands for what is no text",
                id instanceof UTF8String ? id : "in a value of " + dataType().simpleString()));
  }

  @Override
  public Object[] arguments() {
    return new Object[] {value, column, any};
  }

  @Override
  public String prettyName() {
    return "valid_id";
  }
}
