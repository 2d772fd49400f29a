package io.embark.input.gate;

import java.io.Serializable;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.execution.datasources.PartitionedFile;
import org.apache.spark.util.SerializableConfiguration;
import scala.collection.Iterator;
import scala.runtime.AbstractFunction1;

/**
 * The gate in the tasks, around what reads a file: the file must be the one that was listed, before
 * its first row and after its last, and what a reader cannot read is told with the file's name.
 */
public final class GatedReader extends AbstractFunction1<PartitionedFile, Iterator<InternalRow>>
    implements Serializable {
  private static final long serialVersionUID = 1;

  /** Reads the rows of a file, or of a part of it. */
  public interface Reader extends Serializable {
    Iterator<InternalRow> read(PartitionedFile file);
  }

  private final Broadcast<SerializableConfiguration> hadoop;
  private final Reader reader;

  public GatedReader(Broadcast<SerializableConfiguration> hadoop, Reader reader) {
    this.hadoop = hadoop;
    this.reader = reader;
  }

  /**
   * @throws ChangedInput if the file is not the one that was listed
   * @throws UnreadableInput if a reader cannot read it, now or later
   */
  @Override
  @SuppressWarnings("unchecked")
  public Iterator<InternalRow> apply(PartitionedFile file) {
    // Spark declares rows and hands out batches too.
    Iterator<?> rows = new GatedRows(file, hadoop.value().value(), reader);
    return (Iterator<InternalRow>) rows;
  }
}
