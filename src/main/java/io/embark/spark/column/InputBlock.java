package io.embark.spark.column;

import java.util.Iterator;
import java.util.function.BiFunction;
import org.apache.spark.rdd.InputFileBlockHolder;
import org.apache.spark.unsafe.types.UTF8String;

/**
 * The part of a file that a row was read from, which {@code input_file_name()} and {@code
 * input_file_block_start()} tell of. Spark keeps it beside the rows, in the thread, for the row
 * that the scan read last: whoever reads ahead has to put it back for each row handed on.
 */
public record InputBlock(UTF8String file, long start, long length) {

  /** The block that this thread says now. */
  static InputBlock current() {
    return new InputBlock(
        InputFileBlockHolder.getInputFilePath(),
        InputFileBlockHolder.getStartOffset(),
        InputFileBlockHolder.getLength());
  }

  private boolean isCurrent() {
    return InputFileBlockHolder.getStartOffset() == start
        && InputFileBlockHolder.getLength() == length
        && InputFileBlockHolder.getInputFilePath().equals(file);
  }

  /** Makes this thread say this block, as if the scan had just read from it. */
  public void putBack() {
    if (isCurrent()) {
      return;
    }
    if (start < 0) {
      // Rows that come from no file, or from behind a shuffle.
      InputFileBlockHolder.unset();
    } else {
      InputFileBlockHolder.set(file.toString(), start, length);
    }
  }

  /**
   * The rows of a source, each made one with its block. A scan says a block only where it begins
   * one, so the source finds what it said last whenever it is asked, whatever was put back in
   * between.
   */
  public static <T, R> Iterator<R> of(Iterator<T> source, BiFunction<T, InputBlock, R> both) {
    return new Iterator<>() {
      private InputBlock said = current();

      @Override
      public boolean hasNext() {
        said.putBack();
        boolean more = source.hasNext();
        look();
        return more;
      }

      @Override
      public R next() {
        said.putBack();
        T row = source.next();
        look();
        return both.apply(row, said);
      }

      private void look() {
        if (!said.isCurrent()) {
          said = current();
        }
      }
    };
  }
}
